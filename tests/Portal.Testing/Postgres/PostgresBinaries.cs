using System.Globalization;

namespace Portal.Testing.Postgres;

/// <summary>Finds PostgreSQL's server programs.</summary>
internal static class PostgresBinaries
{
    private const string DebianRoot = "/usr/lib/postgresql";

    /// <summary>The folder that holds <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>: Debian's newest version, else the first complete one on PATH.</summary>
    /// <exception cref="InvalidOperationException">None is installed.</exception>
    public static string Find() =>
        DebianFolders().Concat(PathFolders()).FirstOrDefault(IsComplete)
        ?? throw new InvalidOperationException(
            "PostgreSQL's server programs (initdb, pg_ctl, postgres) are not installed. On Debian and Ubuntu they come with the package 'postgresql'; deploy/dev/test installs it.");

    private static IEnumerable<string> DebianFolders() =>
        Directory.Exists(DebianRoot)
            ? Directory.EnumerateDirectories(DebianRoot)
                .OrderByDescending(folder => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];

    private static string[] PathFolders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsComplete(string folder) =>
        File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")) && File.Exists(Path.Combine(folder, "postgres"));
}
