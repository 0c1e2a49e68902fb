// Starts the page with one WebSocket and no negotiation before it: with two requests, a balancer could send each to another replica.
Blazor.start({ circuit: { configureSignalR: connection => connection.withUrl('_blazor', { skipNegotiation: true, transport: 1 /* WebSockets */ }) } });
