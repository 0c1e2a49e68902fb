// Connects an xterm.js terminal to Jupyter's terminal socket: JSON arrays, ["stdin", text] and ["set_size", rows, columns, height, width] out, ["stdout", text] and ["disconnect", 1] in.
(function () {
  const box = document.getElementById('terminal');
  const terminal = new Terminal({ cursorBlink: true, fontSize: 13, fontFamily: 'ui-monospace, monospace', scrollback: 10000, theme: { background: '#0F1216', foreground: '#E6E9ED' } });
  const fit = new FitAddon.FitAddon();
  terminal.loadAddon(fit);
  terminal.open(box);
  const address = (location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + document.body.dataset.path;
  const socket = new WebSocket(address);
  const send = (...message) => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); };
  const resize = () => { fit.fit(); send('set_size', terminal.rows, terminal.cols, box.clientHeight, box.clientWidth); };
  const end = () => { document.getElementById('ended').hidden = false; terminal.options.disableStdin = true; };
  socket.onopen = () => { resize(); terminal.focus(); };
  socket.onmessage = event => {
    const [kind, text] = JSON.parse(event.data);
    if (kind === 'stdout') terminal.write(text);
    else if (kind === 'disconnect') end();
  };
  socket.onclose = end;
  terminal.onData(text => send('stdin', text));
  addEventListener('resize', resize);
})();
