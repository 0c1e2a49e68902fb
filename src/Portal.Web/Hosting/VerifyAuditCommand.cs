using System.Globalization;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Portal.Application.Audit;
using Portal.Application.Data;

namespace Portal.Web.Hosting;

/// <summary>
/// <c>Portal.Web verify-audit</c>: proves the audit trail without a running portal. It reads key and noted head from the key folder and the trail by a connection that cannot write. Ends with 0 when the trail is whole, 1 when it
/// is not, 2 when that could not be found out.
/// </summary>
internal static class VerifyAuditCommand
{
    public const string Name = "verify-audit";

    private const int Whole = 0;
    private const int Broken = 1;
    private const int Unknown = 2;

    /// <param name="args">Settings as <c>--Section:Key=value</c>, over those of the environment.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        try
        {
            var configuration = new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddCommandLine(args).Build();
            var portal = configuration.GetSection(PortalOptions.Section).Get<PortalOptions>() ?? new PortalOptions();
            // Never made here: a new key proves nothing.
            if (portal.MasterKey is null && !File.Exists(Path.Combine(Path.GetFullPath(portal.KeyFolder), "master.key"))) return Fail($"There is no master.key in {Path.GetFullPath(portal.KeyFolder)}; Portal__KeyFolder names the folder.");
            if (configuration.GetConnectionString("Portal") is not { Length: > 0 } connection) return Fail("ConnectionStrings__Portal is missing: the portal's PostgreSQL database.");
            return await CheckAsync(portal, connection, output, errors);
        }
        catch (Exception exception) when (exception is NpgsqlException or DbUpdateException or IOException or UnauthorizedAccessException or ArgumentException or FormatException or InvalidOperationException or CryptographicException or System.Net.Sockets.SocketException)
        {
            return Fail(exception.GetBaseException().Message);
        }

        int Fail(string why)
        {
            errors.WriteLine($"The audit trail could not be checked: {why}");
            return Unknown;
        }
    }

    private static async Task<int> CheckAsync(PortalOptions portal, string connection, TextWriter output, TextWriter errors)
    {
        var reading = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "portal " + Name, MaxPoolSize = 2 };
        reading.Options = $"{reading.Options} -c default_transaction_read_only=on".Trim();
        await using var services = new ServiceCollection().AddPortalDatabase(reading.ConnectionString).BuildServiceProvider();
        var contexts = services.GetRequiredService<IDbContextFactory<PortalDbContext>>();
        await using var db = await contexts.CreateDbContextAsync();
        if (!await db.IsMigratedAsync(CancellationToken.None))
        {
            await errors.WriteLineAsync("The audit trail could not be checked: the database has not been brought up to date with this version of the portal.");
            return Unknown;
        }
        var (head, started, at) = (new AuditHeadFile(Options.Create(portal)), TimeProvider.System.GetTimestamp(), await db.NowAsync(CancellationToken.None));
        var found = await new VerifyAudit(contexts, services.GetRequiredService<NpgsqlDataSource>(), new AuditKey(MasterKey.Load(portal).Derive("portal-audit")), head).ComputeAsync(CancellationToken.None);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"""
            Entries   {found.Entries}{(found.Ok ? "" : " good ones from the first on")}
            Head      {found.Head ?? "-"}
            Noted     {(head.Read() is { } noted ? $"entry {noted.Seq}, {noted.Hash}" : "nothing outside the database yet: a cut-off end would not show")}
            Checked   {at:yyyy-MM-dd HH:mm:ss} UTC, in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s
            Result    {(found.Ok ? "The trail is whole: every entry is as it was written." : $"The trail is broken. {found.Problem}")}
            """));
        return found.Ok ? Whole : Broken;
    }
}
