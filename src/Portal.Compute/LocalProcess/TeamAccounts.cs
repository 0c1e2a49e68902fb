using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>The system user a workload runs as.</summary>
internal sealed record Account(string Name, uint User, uint Group);

/// <summary>One unprivileged system user per team, created at need; only for a portal that runs as root.</summary>
internal sealed class TeamAccounts : IDisposable
{
    private const int NameTaken = 9;
    private readonly ConcurrentDictionary<string, Account> _known = new();
    private readonly SemaphoreSlim _creating = new(1, 1);

    /// <summary>Letters of the slug for people, a hash of it for uniqueness: at most 32 characters, never the name of an existing person or service.</summary>
    internal static string NameFor(string team)
    {
        var letters = new string([.. team.ToLowerInvariant().Where(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-').Take(16)]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(team)))[..8];
        return $"pw-{letters}-{hash}";
    }

    internal async Task<Account> ForTeamAsync(string team, CancellationToken cancellationToken)
    {
        var name = NameFor(team);
        if (_known.TryGetValue(name, out var known))
            return known;
        await _creating.WaitAsync(cancellationToken);
        try
        {
            var account = await FindAsync(name, cancellationToken) ?? await CreateAsync(name, cancellationToken);
            if (account.User == 0 || account.Group == 0)
                throw new ComputeTargetException(FailureClass.Unauthorized, $"The system user {name} is privileged; the portal will not run workloads as it.");
            return _known[name] = account;
        }
        finally
        {
            _creating.Release();
        }
    }

    public void Dispose() => _creating.Dispose();

    private static async Task<Account?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var found = await HostCommand.RunAsync("/usr/bin/getent", ["passwd", name], null, cancellationToken);
        var fields = found.Output.Trim().Split(':');
        return found.ExitCode != 0 || fields.Length < 4 ? null
            : new Account(name, uint.Parse(fields[2], CultureInfo.InvariantCulture), uint.Parse(fields[3], CultureInfo.InvariantCulture));
    }

    private static async Task<Account> CreateAsync(string name, CancellationToken cancellationToken)
    {
        var error = "";
        // The account files have one lock for the whole host; another program may hold it for a moment.
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var made = await HostCommand.RunAsync(
                "/usr/sbin/useradd", ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "--user-group", name], null, cancellationToken);
            if (made.ExitCode is 0 or NameTaken && await FindAsync(name, cancellationToken) is { } account)
                return account;
            error = made.Error.Trim();
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
        throw new ComputeTargetException(FailureClass.Unauthorized, $"The system user {name} cannot be created on this host: {error}");
    }
}
