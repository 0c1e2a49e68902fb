using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Portal.Testing.Data;
using Portal.Testing.Hosting;
using Portal.Testing.Postgres;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>
/// The portal as a process of its own, as people run it: real PostgreSQL, real supervisor, real programs. It can be killed and started again on the same data.
/// </summary>
public sealed class PortalProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly StringBuilder _output = new();
    private Process? _process;
    private bool _isGuest;

    private PortalProcess(PostgresServer postgres, PortalDatabaseFixture database, string folder)
    {
        (Postgres, Database, Folder) = (postgres, database, folder);
        (Port, AppsPort) = (FreePort(), FreePort());
        Api = new PortalApiClient(this);
    }

    public PostgresServer Postgres { get; }

    public PortalDatabaseFixture Database { get; }

    /// <summary>Keys and workloads; removed at the end.</summary>
    public string Folder { get; }

    public int Port { get; }

    public int AppsPort { get; }

    public PortalApiClient Api { get; }

    public Uri Url => new($"http://localhost:{Port}");

    public string AdminPassword => File.ReadAllText(Path.Combine(Folder, "keys", "admin-password")).Trim();

    public string AdminToken => File.ReadAllText(Path.Combine(Folder, "keys", "admin-token")).Trim();

    public string WorkloadsFolder => Path.Combine(Folder, "local", "workloads");

    /// <summary>The port that the supervisor of a workload's newest allocation gave its program.</summary>
    public int PortOf(Guid workload)
    {
        var state = Directory.EnumerateFiles(Path.Combine(WorkloadsFolder, workload.ToString(), "allocations"), "state.json", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)!;
        return JsonDocument.Parse(File.ReadAllText(state)).RootElement.GetProperty("port").GetInt32();
    }

    /// <summary>What the process printed, for messages of failed tests.</summary>
    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    /// <summary>What the process holds of the machine's memory, in MiB.</summary>
    public double MemoryMib
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>True once the process has ended by whatever means.</summary>
    public bool HasEnded => _process?.HasExited ?? true;

    public static async Task<PortalProcess> StartAsync(IReadOnlyDictionary<string, string>? settings = null, bool withProbe = false)
    {
        var postgres = await PostgresServer.CreateAsync();
        var database = await PortalDatabaseFixture.CreateOnAsync(postgres);
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"portal-e2e-{Guid.NewGuid():N}"[..22]), (UnixFileMode)0b111_101_101).FullName;
        var portal = new PortalProcess(postgres, database, folder);
        if (withProbe) portal.AddProbe();
        await portal.RunAsync(settings);
        await portal.WaitUntilReadyAsync();
        return portal;
    }

    /// <summary>Another process on this one's database and folder, as a second replica is. What they share goes with the first.</summary>
    public async Task<PortalProcess> BesideAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var beside = new PortalProcess(Postgres, Database, Folder) { _isGuest = true };
        await beside.RunAsync(settings);
        await beside.WaitUntilReadyAsync();
        return beside;
    }

    /// <summary>Starts the process on what is there; does not wait.</summary>
    public Task RunAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var web = Path.Combine(RepositoryFolder.Root, "src", "Portal.Web", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(web, "Portal.Web.dll")]) { WorkingDirectory = web, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__Portal"] = Database.ConnectionString,
            ["Portal__Port"] = $"{Port}",
            ["Portal__AppsPort"] = $"{AppsPort}",
            ["Portal__KeyFolder"] = Path.Combine(Folder, "keys"),
            ["Local__DataFolder"] = Path.Combine(Folder, "local"),
            ["Reconcile__LeaseDuration"] = "00:00:04",
            ["Reconcile__SweepGrace"] = "00:00:05",
        };
        if (Directory.Exists(Path.Combine(Folder, "catalog"))) environment["Portal__CatalogFolder"] = Path.Combine(Folder, "catalog");
        foreach (var (key, value) in environment.Concat(settings ?? new Dictionary<string, string>())) start.Environment[key] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        return Task.CompletedTask;
    }

    public async Task WaitUntilReadyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < StartLimit)
        {
            if (HasEnded) throw new InvalidOperationException($"The portal ended with {_process?.ExitCode}:\n{Output}");
            try
            {
                if ((await client.GetAsync($"http://127.0.0.1:{Port}/readyz")).StatusCode == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(200);
        }
        throw new TimeoutException($"The portal was not ready within {StartLimit}:\n{Output}");
    }

    /// <summary>SIGKILL, as the kernel or an operator would.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Kills, if it still lives, and starts again without faults.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await RunAsync();
        await WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_isGuest) return;
        foreach (var pid in WorkloadProcesses.Of(null, Folder).Concat(WorkloadProcesses.SupervisorsOf(Folder))) WorkloadProcesses.Kill(pid);
        await Database.DisposeAsync();
        await Postgres.DisposeAsync();
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // A supervisor is still writing its last words; the folder is in /tmp.
        }
    }

    private void AddProbe()
    {
        var target = Path.Combine(Folder, "catalog");
        Copy(RepositoryFolder.Catalog, target);
        Copy(Path.Combine(RepositoryFolder.Root, "tests", "Portal.EndToEnd.Tests", "catalog"), target);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    private void Note(string? line)
    {
        lock (_output) _output.AppendLine(line);
    }

    /// <summary>A port of the loopback that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
