using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Programs that ask nobody for a credential: only the portal reaches them.</summary>
public sealed class OwnNetworkTests : LocalTestBase
{
    /// <summary>Sends back what it gets; when the sender is done, says goodbye.</summary>
    private const string Echo = """
        import os, socketserver
        class Echo(socketserver.StreamRequestHandler):
            def handle(self):
                first = self.rfile.readline()
                if first.startswith(b"GET"):
                    while self.rfile.readline().strip(): pass
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"); return
                self.wfile.write(first)
                while data := self.rfile.read1(65536): self.request.sendall(data)
                self.request.sendall(b"goodbye")
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            request_queue_size = 100
        Server(("127.0.0.1", PORT), Echo).serve_forever()
        """;

    private static AllocationSpec Open(string script) => Programs.Python(
        script.Replace("PORT)", "int(os.environ['PORT']))", StringComparison.Ordinal), i => i with { Ports = [new PortSpec { Auth = "none", Ready = new ReadySpec { Path = "/" } }] }, serves: true);

    private static async Task<AllocationSpec> ReadyAsync(LocalHost host, AllocationSpec spec)
    {
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        return spec;
    }

    [Fact]
    public async Task Port_OfAProgramWithoutSignIn_IsThePortalsAlone()
    {
        var host = Host();
        var spec = await ReadyAsync(host, Open(Echo));
        var port = host.State(spec).Port!.Value;
        var direct = async () => await new TcpClient().ConnectAsync(IPAddress.Loopback, port, Token);
        (await direct.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
        // Nor does a program of the same team, in whose sandbox neither the port nor the socket is.
        var spy = Programs.Python($$"""
            import os, socket
            def attempt(kind, address):
                try: socket.socket(kind).connect(address); return "reached"
                except OSError as e: return type(e).__name__
            open(os.environ["PORTAL_ARTIFACT_DIR"] + "/out", "w").write(attempt(socket.AF_INET, ("127.0.0.1", {{port}})) + " " + str(os.path.exists({{System.Text.Json.JsonSerializer.Serialize(host.Allocation(spec))}})))
            """);
        (await OutputAsync(host, spy)).Should().Be("ConnectionRefusedError False");
        File.GetUnixFileMode(Path.Combine(host.Allocation(spec), ProgramDoor.SocketName)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (await AnswerAsync(host.Target, spec, "hello\n")).Should().Be("hello\ngoodbye");
        // As a portal does that was restarted.
        (await AnswerAsync(host.Another(), spec, "again\n")).Should().Be("again\ngoodbye");
    }

    [Fact]
    public async Task Program_InItsOwnNetwork_CannotCallOutAndHasItsFixedPortsToItself()
    {
        var host = Host();
        const string Fixed = """
            import os, socket
            held = socket.create_server(("127.0.0.1", 9091))
            try: socket.create_connection(("192.0.2.1", 80), 2); out = "reached"
            except OSError as e: out = os.strerror(e.errno or 0)
            print(out, flush=True)
            """;
        var (first, second) = (Open(Fixed + "\n" + Echo), Open(Fixed + "\n" + Echo));
        await ReadyAsync(host, first);
        await ReadyAsync(host, second);
        (await host.Target.LinesAsync(second.AllocationId)).Should().Equal("Network is unreachable");
    }

    [Fact]
    public async Task Relay_ManyConnectionsAndLargeOnes_ArriveWhole()
    {
        var host = Host();
        var spec = await ReadyAsync(host, Open(Echo));
        var data = RandomNumberGenerator.GetBytes(8 << 20);
        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(async n =>
        {
            await using var stream = await host.Target.ConnectAsync(spec.AllocationId, Token);
            await stream.WriteAsync("x\n"u8.ToArray(), Token);
            var piece = data.AsMemory(n * 1000, n == 0 ? 4 << 20 : 300_000);
            using var answer = new MemoryStream();
            var reading = stream.CopyToAsync(answer, Token);
            await stream.WriteAsync(piece, Token);
            ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
            await reading;
            return answer.ToArray().AsSpan().SequenceEqual((byte[])[.. "x\n"u8, .. piece.Span, .. "goodbye"u8]);
        }));
        answers.Should().OnlyContain(whole => whole);
    }

    [Fact]
    public async Task Relay_CallersThatHangUp_DoNotEndIt()
    {
        var host = Host();
        var spec = await ReadyAsync(host, Open(Echo));
        for (var i = 0; i < 30; i++)
        {
            await using var stream = await host.Target.ConnectAsync(spec.AllocationId, Token);
            await stream.WriteAsync(new byte[100_000], Token);
        }
        (await AnswerAsync(host.Target, spec, "still there\n")).Should().Be("still there\ngoodbye");
    }

    [Fact]
    public async Task Relay_WhileTheProgramTakesItsTimeToStop_StillCarriesItsAnswers()
    {
        var host = Host();
        var spec = Open("""
            import os, signal, socket, sys, time
            server = socket.create_server(("127.0.0.1", PORT))
            def ends(*a):
                taken, _ = server.accept()
                taken.recv(10); taken.sendall(b"last words"); taken.close(); sys.exit(0)
            waiting = True
            while True:
                taken, _ = server.accept()
                taken.recv(4096); taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); taken.close()
                if waiting: signal.signal(signal.SIGTERM, ends); waiting = False
            """);
        await ReadyAsync(host, spec);
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(20), Token);
        await Task.Delay(1000, Token);
        (await AnswerAsync(host.Target, spec, "\n")).Should().Be("last words");
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).Should().Match<Observation>(o => o.ExitCode == 0 && o.StopRequested);
        ProcessesWith(spec.AllocationId.ToString()).Should().BeEmpty();
    }

    [Fact]
    public async Task Program_ThatWaitsForItsChildren_DoesNotWaitForTheRelay()
    {
        var host = Host();
        var spec = Open("""
            import os
            try: os.wait()
            except ChildProcessError: print("no child", flush=True)
            handles = [os.readlink("/proc/self/fd/" + n) for n in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + n)]
            print([h for h in handles if "socket" in h], flush=True)
            """);
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(0);
        (await host.Target.LinesAsync(spec.AllocationId)).Should().Equal("no child", "[]");
        var connect = () => host.Target.ConnectAsync(spec.AllocationId, Token);
        await connect.Should().ThrowAsync<ComputeTargetException>();
    }

    [Fact]
    public async Task Folder_WithALongPath_IsNoObstacle()
    {
        var folder = Path.Combine(Path.GetTempPath(), "portal-compute-" + Guid.NewGuid().ToString("N"), new string('d', 120), "with a space");
        var host = Host(dataFolder: folder);
        var spec = await ReadyAsync(host, Open(Echo));
        (await AnswerAsync(host.Target, spec, "far\n")).Should().Be("far\ngoodbye");
    }

    [Fact]
    public async Task Host_ThatCannotKeepOthersOut_RefusesUnlessAllowed()
    {
        var host = Host(Mode.Plain, o => o.AllowUnisolated = false);
        var spec = Open(Echo);
        var request = OfferRequest.For(spec.ItemSpec, spec.ItemSpec.Deployments[0], Programs.Tiny, spec.OwnerId);
        (await host.Target.GetOffersAsync(request, Token)).Should().OnlyContain(o => !o.Available && o.Reason!.Contains("no sign-in of its own"));
        var start = () => host.Target.StartAsync(spec, Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
        host.Options.AllowUnisolated = true;
        (await host.Target.GetOffersAsync(request, Token)).Should().OnlyContain(o => o.Available);
        await ReadyAsync(host, spec);
        (await AnswerAsync(host.Target, spec, "hello\n")).Should().Be("hello\ngoodbye");
    }

    [Fact]
    public async Task Program_ThatWantsBasicForEverything_IsAskedWithItsCredential()
    {
        var host = Host();
        var spec = Programs.Python("""
            import base64, http.server, os, time
            time.sleep(1.5)
            wanted = "Basic " + base64.b64encode(("portal:" + os.environ["PORTAL_PROXY_TOKEN"]).encode()).decode()
            class Answer(http.server.BaseHTTPRequestHandler):
                def do_GET(self): self.send_response(200 if self.headers["Authorization"] == wanted else 401); self.end_headers()
                def log_message(self, *a): pass
            http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
            """, i => i with { Ports = [new PortSpec { Auth = "basic" }] }, serves: true);
        await host.Target.StartAsync(spec, Token);
        var kept = Path.Combine(host.Allocation(spec), "ready-credential");
        File.GetUnixFileMode(kept).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // The portal was restarted before it was ready.
        await host.Another().UntilAsync(spec.AllocationId, ObservedState.Ready);
        File.Exists(kept).Should().BeFalse();
    }

    /// <summary>Says something, says no more, and reads to the end.</summary>
    private static async Task<string> AnswerAsync(LocalProcessTarget target, AllocationSpec spec, string words)
    {
        await using var stream = await target.ConnectAsync(spec.AllocationId, Token);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(words), Token);
        ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
        return await new StreamReader(stream).ReadToEndAsync(Token);
    }
}
