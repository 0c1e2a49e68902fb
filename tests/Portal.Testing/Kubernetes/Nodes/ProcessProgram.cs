using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>
/// Runs a container's command as a process of this machine, in a file system of its own where <c>bwrap</c> works: this machine's programs read-only, the container's volumes at their paths. The network is this machine's, so
/// that a declared port which the container is told of in <c>PORT</c> is another one here.
/// </summary>
internal sealed class ProcessProgram(TestClusterOptions options) : ClusterProgram
{
    private const int SignalTerm = 15;

    private static readonly Lazy<bool> HasBubblewrap = new(() =>
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("bwrap", ["--ro-bind", "/", "/", "true"]) { RedirectStandardError = true })!;
            return probe.WaitForExit(5000) && probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It is not installed.
            return false;
        }
    });

    internal override bool OpensDoors => true;

    public override async Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill)
    {
        if (run.RawArgv.Count == 0)
            throw new InvalidOperationException("the container names no command, and images are not run here");
        var (environment, argv) = Doors(run);
        using var process = new Process { StartInfo = StartInfo(run, environment, argv) };
        await ProcessStarter.StartAsync(process);
        var output = Task.WhenAll(PumpAsync(process.StandardOutput.BaseStream, run), PumpAsync(process.StandardError.BaseStream, run));
        await using var term = run.Terminating.Register(() => Terminate(process));
        await using var killed = kill.Register(() => Kill(process));
        await process.WaitForExitAsync(CancellationToken.None);
        await Task.WhenAny(output, Task.Delay(500, CancellationToken.None));
        return new ProgramEnd(process.ExitCode);
    }

    /// <summary>Gives each declared port a free one of this machine where the container asks which port it has, also where an argument says it.</summary>
    private static (Dictionary<string, string> Environment, IReadOnlyList<string> Argv) Doors(ContainerRun run)
    {
        var environment = new Dictionary<string, string>(run.Environment);
        var argv = run.RawArgv;
        foreach (var port in run.Ports)
        {
            var isTold = environment.GetValueOrDefault("PORT") == port.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var real = isTold ? FreePort() : port;
            if (isTold)
            {
                environment["PORT"] = real.ToString(System.Globalization.CultureInfo.InvariantCulture);
                argv = [.. argv.Select(a => a == $"{port}" || a.EndsWith($"={port}", StringComparison.Ordinal) ? $"{a[..^$"{port}".Length]}{real}" : a)];
            }
            run.Doors[port] = new IPEndPoint(IPAddress.Loopback, real);
        }
        return (environment, argv);
    }

    private ProcessStartInfo StartInfo(ContainerRun run, Dictionary<string, string> environment, IReadOnlyList<string> rawArgv)
    {
        var argv = rawArgv.Select(a => ContainerConfiguration.Expand(a, environment)).ToList();
        var start = HasBubblewrap.Value ? Boxed(run, argv) : Bare(run, argv, environment);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }

    private ProcessStartInfo Boxed(ContainerRun run, List<string> argv)
    {
        List<string> box = ["--die-with-parent", "--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/root"];
        foreach (var folder in (ReadOnlySpan<string>)["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt"])
            box.AddRange(["--ro-bind-try", folder, folder]);
        foreach (var folder in options.SharedFolders)
            box.AddRange(["--ro-bind-try", folder, folder]);
        foreach (var (path, volume) in run.Mounts.OrderBy(m => m.Key.Length))
            box.AddRange([volume.IsReadOnly ? "--ro-bind" : "--bind", volume.Folder, path]);
        box.AddRange(["--chdir", run.WorkingFolder ?? "/", "--", .. argv]);
        return new ProcessStartInfo("bwrap", box);
    }

    /// <summary>Without a box the paths of volumes are replaced in what the program is told.</summary>
    private static ProcessStartInfo Bare(ContainerRun run, List<string> argv, Dictionary<string, string> environment)
    {
        string Real(string text) => run.Mounts.OrderByDescending(m => m.Key.Length).Aggregate(text, (t, m) => t.Replace(m.Key, m.Value.Folder, StringComparison.Ordinal));
        foreach (var (name, value) in environment.ToList())
            environment[name] = Real(value);
        return new ProcessStartInfo(Real(argv[0]), argv.Skip(1).Select(Real)) { WorkingDirectory = run.WorkingFolder is { } folder ? Real(folder) : "/" };
    }

    private static async Task PumpAsync(Stream stream, ContainerRun run)
    {
        var buffer = new byte[16384];
        var line = new MemoryStream();
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
        {
            foreach (var part in buffer.AsSpan(0, read))
            {
                if (part != '\n')
                {
                    line.WriteByte(part);
                    continue;
                }
                run.Log.Add(line.ToArray());
                line.SetLength(0);
            }
        }
        if (line.Length > 0)
            run.Log.Add(line.ToArray());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The box only waits for the program inside it, so that is who gets the signal.</summary>
    private static void Terminate(Process process)
    {
        for (var attempt = 0; attempt < 100 && !process.HasExited; attempt++)
        {
            var target = HasBubblewrap.Value ? Child(process.Id) : process.Id;
            if (target is not null)
            {
                _ = NativeKill(target.Value, SignalTerm);
                return;
            }
            Thread.Sleep(5);
        }
    }

    private static int? Child(int process)
    {
        try
        {
            return int.TryParse(File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ')[0], out var child) ? child : null;
        }
        catch (IOException)
        {
            // The process has ended.
            return null;
        }
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NativeKill(int process, int signal);
}
