using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Portal.Testing.Postgres;

/// <summary>
/// A private PostgreSQL for tests, in a folder of its own under <c>/tmp</c>, reached by a Unix socket and a random
/// password. It never outlives the test process: a watcher stops it and removes the folder when this object is
/// disposed, and also when the process ends in any other way, <c>kill -9</c> included.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "postgres";

    // A socket's name carries the port; no TCP port is taken by it.
    private const int SocketPort = 5432;

    // Ends with the pipe that the test process holds. 'immediate': nobody will read this data again.
    private const string WatchScript = """
        trap '' INT TERM HUP
        exec >/dev/null 2>&1
        cat
        for round in 1 2 3; do
          [ -e "$1/data/postmaster.pid" ] || break
          "$2/pg_ctl" stop -s -D "$1/data" -m immediate -w -t 10 && break
          kill -0 "$(head -n 1 "$1/data/postmaster.pid")" || break
          sleep 0.2
        done
        rm -rf -- "$1"
        """;

    private static readonly Lazy<Task<PostgresServer>> SharedServer = new(() => CreateAsync());

    private readonly string _bin;
    private readonly PostgresAccount _account;
    private readonly string _folder;
    private readonly string _password;
    private readonly int? _loopbackPort;
    private readonly SemaphoreSlim _creating = new(1, 1);
    private Process? _watcher;
    private int _databases;

    private PostgresServer(string bin, PostgresAccount account, string folder, PostgresOptions options)
    {
        _bin = bin;
        _account = account;
        _folder = folder;
        _password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        _loopbackPort = options.Loopback ? FreePort() : null;
    }

    /// <summary>The server that tests of this process share; it is started by the first that asks and goes with the process.</summary>
    public static Task<PostgresServer> SharedAsync() => SharedServer.Value;

    /// <summary>Whether the server is meant to be up: false between <see cref="StopAsync"/> and <see cref="StartAsync"/>.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>A connection string of the superuser to the database <c>postgres</c>.</summary>
    public string AdminConnectionString => ConnectionString("postgres", pooling: false);

    /// <summary>Sets up and starts a server of the caller's own, for tests that stop or configure it.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start; the message says which and why.</exception>
    public static async Task<PostgresServer> CreateAsync(PostgresOptions? options = null, CancellationToken ct = default)
    {
        options ??= new PostgresOptions();
        var bin = PostgresBinaries.Find();
        var account = PostgresAccount.Find();
        // Directly under /tmp: a socket's path may have 107 bytes at most.
        var folder = (await account.RunAsync(["mktemp", "-d", "/tmp/portal-pg-XXXXXXXX"], "", ct)).Trim();
        var server = new PostgresServer(bin, account, folder, options);
        try
        {
            server.Watch();
            await server.InitializeAsync(options, ct);
            await server.StartAsync(ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a database with a name of its own, as a copy of <paramref name="template"/> when given, and returns its connection string (superuser).</summary>
    /// <remarks>Sessions that still hold the template are ended: PostgreSQL copies only a database that nobody uses.</remarks>
    public async Task<string> CreateDatabaseAsync(string? template = null, CancellationToken ct = default)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");
        await _creating.WaitAsync(ct);
        try
        {
            await using var connection = new NpgsqlConnection(AdminConnectionString);
            await connection.OpenAsync(ct);
            if (template is not null)
                await EndSessionsAsync(connection, template, ct);
            await ExecuteAsync(connection, $"create database {Quote(name)} template {Quote(template ?? "template0")}", ct);
        }
        finally
        {
            _creating.Release();
        }
        return ConnectionString(name);
    }

    /// <summary>Drops the database of <paramref name="connectionString"/>, ending its sessions.</summary>
    public async Task DropDatabaseAsync(string connectionString, CancellationToken ct = default)
    {
        await using (var pooled = new NpgsqlConnection(connectionString))
            NpgsqlConnection.ClearPool(pooled);
        var name = new NpgsqlConnectionStringBuilder(connectionString).Database ?? "";
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync(ct);
        await ExecuteAsync(connection, $"drop database if exists {Quote(name)} with (force)", ct);
    }

    /// <summary>The superuser's connection string to a database of this server.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="pooling">Whether the client keeps connections open between uses.</param>
    public string ConnectionString(string database, bool pooling = true) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = _loopbackPort is null ? _folder : "127.0.0.1",
            Port = _loopbackPort ?? SocketPort,
            Database = database,
            Username = Superuser,
            Password = _password,
            Pooling = pooling,
            MaxPoolSize = 40,
            Timeout = 15,
            IncludeErrorDetail = true,
        }.ConnectionString;

    /// <summary>Starts the server after a <see cref="StopAsync"/>; returns once it takes connections.</summary>
    public async Task StartAsync(CancellationToken ct = default)
    {
        try
        {
            await _account.RunAsync([Program("pg_ctl"), "start", "-s", "-w", "-t", "60", "-D", Data, "-l", Log], "", ct);
            IsRunning = true;
        }
        catch (InvalidOperationException failure) when (File.Exists(Log))
        {
            throw new InvalidOperationException($"{failure.Message}\n{await ReadLogAsync(ct)}", failure);
        }
    }

    /// <summary>Stops the server and waits until it is gone. Its data stays.</summary>
    public async Task StopAsync(PostgresStop mode = PostgresStop.Fast, CancellationToken ct = default)
    {
        IsRunning = false;
        await _account.RunAsync(
            [Program("pg_ctl"), "stop", "-s", "-w", "-t", "60", "-D", Data, "-m", mode is PostgresStop.Fast ? "fast" : "immediate"], "", ct);
    }

    /// <summary>Stops and starts the server: every session is lost, no committed data is.</summary>
    public async Task RestartAsync(PostgresStop mode = PostgresStop.Fast, CancellationToken ct = default)
    {
        await StopAsync(mode, ct);
        await StartAsync(ct);
    }

    /// <summary>What the server has logged so far.</summary>
    public Task<string> ReadLogAsync(CancellationToken ct = default) => File.ReadAllTextAsync(Log, ct);

    /// <summary>Stops the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        IsRunning = false;
        if (Interlocked.Exchange(ref _watcher, null) is not { } watcher)
            return;
        watcher.StandardInput.Close();
        await watcher.WaitForExitAsync();
        watcher.Dispose();
        _creating.Dispose();
    }

    private string Data => $"{_folder}/data";

    private string Log => $"{_folder}/log";

    private string Program(string name) => Path.Combine(_bin, name);

    private void Watch() =>
        // A session of its own, so that Ctrl-C, which goes to the whole foreground group, leaves the watcher to do its work.
        _watcher = Process.Start(_account.Prepare("setsid", "--wait", "sh", "-c", WatchScript, "portal-test-postgres", _folder, _bin))
            ?? throw new InvalidOperationException("The watcher of the test server did not start.");

    private async Task InitializeAsync(PostgresOptions options, CancellationToken ct)
    {
        // The password goes through a file of the server's account: it appears in no argument list.
        const string script = """
            umask 077
            cat > "$1/password"
            "$2/initdb" -D "$1/data" -U postgres -A scram-sha-256 --pwfile="$1/password" --locale=C -E UTF8 --no-sync
            code=$?
            rm -f "$1/password"
            exit $code
            """;
        await _account.RunAsync(["sh", "-c", script, "initdb", _folder, _bin], _password, ct);

        var lines = Settings(options).Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''", StringComparison.Ordinal)}'");
        await _account.RunAsync(["sh", "-c", "cat >> \"$1\"", "settings", $"{Data}/postgresql.conf"], string.Join('\n', lines) + "\n", ct);
    }

    private Dictionary<string, string> Settings(PostgresOptions options)
    {
        var durable = options.Durable ? "on" : "off";
        var settings = new Dictionary<string, string>
        {
            ["unix_socket_directories"] = _folder,
            ["unix_socket_permissions"] = "0700",
            ["listen_addresses"] = _loopbackPort is null ? "" : "127.0.0.1",
            ["port"] = (_loopbackPort ?? SocketPort).ToString(CultureInfo.InvariantCulture),
            ["max_connections"] = options.MaxConnections.ToString(CultureInfo.InvariantCulture),
            ["fsync"] = durable,
            // Without it a killed server forgets what it has answered for, and a test would blame the portal.
            ["synchronous_commit"] = "on",
            ["full_page_writes"] = durable,
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
        };
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        return settings;
    }

    private static Task EndSessionsAsync(NpgsqlConnection connection, string database, CancellationToken ct)
    {
        var command = new NpgsqlCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", connection);
        command.Parameters.AddWithValue(database);
        return RunAndDisposeAsync(command, ct);
    }

    private static Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct) =>
#pragma warning disable CA2100 // Identifiers cannot be parameters; every one here went through Quote.
        RunAndDisposeAsync(new NpgsqlCommand(sql, connection), ct);
#pragma warning restore CA2100

    private static async Task RunAndDisposeAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using (command)
            await command.ExecuteNonQueryAsync(ct);
    }

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
