namespace Portal.Testing.Postgres;

/// <summary>How a private test server is set up.</summary>
public sealed record PostgresOptions
{
    /// <summary>Whether commits reach the disk before they return. Off by default: a test's data need not survive a power cut. A killed server keeps them either way.</summary>
    public bool Durable { get; init; }

    /// <summary>Whether the server also listens on a free port of 127.0.0.1, for clients that cannot use a Unix socket.</summary>
    public bool Loopback { get; init; }

    /// <summary>The server's <c>max_connections</c>.</summary>
    public int MaxConnections { get; init; } = 200;

    /// <summary>Further server settings, name to value, as in <c>postgresql.conf</c>. They win over everything else here.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a server is stopped.</summary>
public enum PostgresStop
{
    /// <summary>Open transactions are rolled back, sessions ended, everything written out.</summary>
    Fast,

    /// <summary>As a crash would do it: every process quits at once, the next start recovers from the log.</summary>
    Immediate,
}
