using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Portal.Testing.Hosting;

/// <summary>Everything that was logged. The reconciler logs its failures and goes on; a test must not overlook them.</summary>
public sealed class RecordedLogs : ILoggerProvider
{
    /// <summary>One message.</summary>
    public sealed record Entry(LogLevel Level, string Category, string Message, Exception? Exception);

    /// <summary>In order of time.</summary>
    public ConcurrentQueue<Entry> Entries { get; } = new();

    /// <summary>Messages of level Error and above.</summary>
    public IReadOnlyList<Entry> Errors => [.. Entries.Where(e => e.Level >= LogLevel.Error)];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Recorder(RecordedLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Entries.Enqueue(new Entry(logLevel, category, formatter(state, exception), exception));
    }
}
