using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>A program with a port of its own and nothing to ask: ready when it takes connections, reached where it listens.</summary>
public sealed class OwnPortTests(RoomyClusterFixture fixture) : IClassFixture<RoomyClusterFixture>
{
    [Fact]
    public async Task ProgramWithAPortOfItsOwn_IsReadyAndReached()
    {
        // Its answers to HTTP would not do: only that it takes connections counts.
        const string program = """
            import os, socketserver
            class Answer(socketserver.BaseRequestHandler):
                def handle(self):
                    self.request.recv(100); self.request.sendall(("I am on " + os.environ["OWN"]).encode())
            socketserver.ThreadingTCPServer(("", int(os.environ["PORT"])), Answer).serve_forever()
            """;
        var spec = Programs.Python(program, item => item with
        {
            Parameters = [new ParameterSpec { Name = "port", Type = ParameterType.Integer }],
            Ports = [new PortSpec { Ready = new ReadySpec { Path = "" }, Auth = "none", Root = true, ContainerPort = "{{ parameters.port }}" }],
            Environment = new Dictionary<string, string> { ["OWN"] = "{{ port }}" },
        }, serves: true) with
        { Parameters = new ParameterValues(new Dictionary<string, JsonElement> { ["port"] = JsonSerializer.SerializeToElement(9321) }) };
        var token = TestContext.Current.CancellationToken;
        await fixture.Target.StartAsync(spec, token);
        await fixture.Target.UntilAsync(spec.AllocationId, ObservedState.Ready);

        await using var stream = await fixture.Target.ConnectAsync(spec.AllocationId, token);
        await stream.WriteAsync("hello"u8.ToArray(), token);
        var answer = new byte[100];
        Encoding.UTF8.GetString(answer, 0, await stream.ReadAsync(answer, token)).Should().Be("I am on 9321");
    }
}
