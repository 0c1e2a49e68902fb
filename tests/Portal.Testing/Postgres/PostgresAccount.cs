using System.Diagnostics;

namespace Portal.Testing.Postgres;

/// <summary>
/// Who PostgreSQL's programs run as: whoever runs the tests, or, when that is root (which <c>initdb</c> and
/// <c>postgres</c> refuse), the user <c>postgres</c> or else <c>nobody</c>.
/// </summary>
internal sealed class PostgresAccount
{
    private readonly string[] _prefix;

    private PostgresAccount(string[] prefix) => _prefix = prefix;

    /// <summary>Picks the account for this machine.</summary>
    public static PostgresAccount Find()
    {
        if (Environment.UserName != "root" && !Environment.IsPrivilegedProcess)
            return new PostgresAccount([]);

        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToList();
        var user = users.Find(fields => fields[0] == "postgres") ?? users.Find(fields => fields[0] == "nobody")
            ?? throw new InvalidOperationException("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'.");
        return new PostgresAccount(["setpriv", $"--reuid={user[2]}", $"--regid={user[3]}", "--clear-groups", "--"]);
    }

    /// <summary>A start description that runs <paramref name="command"/> as this account, with nothing of the caller's PG* settings.</summary>
    public ProcessStartInfo Prepare(params IEnumerable<string> command)
    {
        string[] words = [.. _prefix, .. command];
        var info = new ProcessStartInfo(words[0], words.Skip(1))
        {
            // The caller's folder may be closed to this account, and PostgreSQL insists on entering it.
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        info.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        info.Environment["LC_ALL"] = "C";
        info.Environment["TZ"] = "UTC";
        return info;
    }

    /// <summary>Runs <paramref name="command"/> to its end and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public async Task<string> RunAsync(IEnumerable<string> command, string input, CancellationToken ct)
    {
        var info = Prepare(command);
        using var process = Process.Start(info) ?? throw new InvalidOperationException($"{info.FileName} did not start.");
        await process.StandardInput.WriteAsync(input.AsMemory(), ct);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode == 0)
            return await output;
        throw new InvalidOperationException(
            $"'{string.Join(' ', info.ArgumentList.Prepend(info.FileName))}' failed with exit code {process.ExitCode}:\n{await output}{await errors}");
    }
}
