using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Settings;

namespace Portal.Application.Settings;

/// <summary>What holds now.</summary>
/// <param name="QuoteTolerance">By what share a price may have moved since approvers were asked, before they are asked again.</param>
/// <param name="OwnerGrace">How long what runs goes on after its owner has gone.</param>
/// <param name="LaunchPaused">Why nothing may be launched; empty: launches are open.</param>
public sealed record SettingsInForce(bool IdleStop, TimeSpan IdleWarning, int? LaunchMaxPending, string LaunchPaused, string Announcement, double QuoteTolerance, TimeSpan OwnerGrace)
{
    public static SettingsInForce Defaults { get; } = new(true, TimeSpan.FromMinutes(10), null, "", "", 0.1, TimeSpan.FromDays(3));
}

/// <summary>A setting on the page of settings.</summary>
/// <param name="Allowed">What may be entered, in words.</param>
/// <param name="ChangedBy">Name of who changed it last; null while it has its default.</param>
public sealed record SettingRow(string Key, string Label, string Help, string Allowed, string Value, string Default, string? ChangedBy, DateTimeOffset? ChangedAt);

/// <summary>What became of a change.</summary>
public abstract record SettingOutcome
{
    private SettingOutcome() { }

    public sealed record Saved : SettingOutcome;

    public sealed record Invalid(string Message) : SettingOutcome;

    public sealed record Forbidden(string Reason) : SettingOutcome;

    public sealed record NotFound : SettingOutcome;
}

/// <summary>Settings that administrators change while the portal runs; every replica reads them again within seconds.</summary>
public sealed class PortalSettings(IDbContextFactory<PortalDbContext> contexts, TimeProvider time)
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);

    private static readonly Definition[] Definitions =
    [
        new(SettingKeys.IdleStop, "Stop idle workloads", "By each item's rules, or the workload's own time-out; off: nothing is stopped for idleness.", "true or false", "true", v => v is "true" or "false" ? null : "true or false"),
        new(SettingKeys.IdleWarning, "Warn before an idle stop", "On the workload's page and by the bell; at most half of the rule's own time.", "a duration from PT1M to PT4H", "PT10M",
            v => IsoDuration.TryParse(v, out var d) && d >= TimeSpan.FromMinutes(1) && d <= TimeSpan.FromHours(4) ? null : "a duration from PT1M to PT4H, such as PT10M"),
        new(SettingKeys.LaunchMaxPending, "Launches that may wait", "More are answered “too many” until some have started; empty: as the configuration says.", "empty, or 1 to 10000", "",
            v => v.Length == 0 || (int.TryParse(v, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 10_000) ? null : "empty, or a number from 1 to 10000"),
        new(SettingKeys.LaunchPaused, "Pause launches", "While there is a reason here nothing is launched, started or brought back by a restart, and people read the reason; what runs goes on.", "up to 300 characters", "", v => v.Length <= 300 && !v.Contains('\0') ? null : "up to 300 characters"),
        new(SettingKeys.QuoteTolerance, "Price change that asks again", "When a price has moved by more than this share since approvers were asked, they are asked anew.", "a share from 0 to 1, such as 0.1", "0.1",
            v => double.TryParse(v, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? null : "a share from 0 to 1, such as 0.1"),
        new(SettingKeys.OwnerGrace, "When an owner has gone", "A workload whose owner is disabled or has left the team runs on for so long; its team's leads are told and may take it over. Then it is stopped, never deleted.", "a duration from PT1M to P30D", "P3D",
            v => IsoDuration.TryParse(v, out var d) && d >= TimeSpan.FromMinutes(1) && d <= TimeSpan.FromDays(30) ? null : "a duration from PT1M to P30D, such as P3D"),
        new(SettingKeys.Announcement, "Announcement", "One sentence for everybody, above every page.", "up to 300 characters", "", v => v.Length <= 300 && !v.Contains('\0') ? null : "up to 300 characters"),
    ];

    private readonly Lock _gate = new();
    private (SettingsInForce Settings, DateTimeOffset ReadAt)? _known;

    /// <summary>What holds, at most five seconds old.</summary>
    public async Task<SettingsInForce> GetAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            if (_known is { } known && time.GetUtcNow() - known.ReadAt < ReadEvery) return known.Settings;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Settings.AsNoTracking().ToDictionaryAsync(s => s.Key, s => s.Value, cancellationToken);
        string Value(string key) => rows.GetValueOrDefault(key) ?? Definitions.Single(d => d.Key == key).Default;
        var settings = new SettingsInForce(Value(SettingKeys.IdleStop) == "true", IsoDuration.TryParse(Value(SettingKeys.IdleWarning), out var warning) ? warning : SettingsInForce.Defaults.IdleWarning,
            int.TryParse(Value(SettingKeys.LaunchMaxPending), out var most) ? most : null, Value(SettingKeys.LaunchPaused), Value(SettingKeys.Announcement),
            double.Parse(Value(SettingKeys.QuoteTolerance), System.Globalization.CultureInfo.InvariantCulture), IsoDuration.TryParse(Value(SettingKeys.OwnerGrace), out var grace) ? grace : SettingsInForce.Defaults.OwnerGrace);
        lock (_gate) _known = (settings, time.GetUtcNow());
        return settings;
    }

    /// <summary>Every setting with who changed it; null for people who are neither administrators nor auditors.</summary>
    public async Task<IReadOnlyList<SettingRow>?> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadSettings)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await (from s in db.Settings join u in db.Users on s.ChangedBy equals u.Id select new { s.Key, s.Value, s.ChangedAt, u.DisplayName }).ToDictionaryAsync(r => r.Key, cancellationToken);
        return [.. Definitions.Select(d => rows.GetValueOrDefault(d.Key) is { } row
            ? new SettingRow(d.Key, d.Label, d.Help, d.Allowed, row.Value, d.Default, row.DisplayName, row.ChangedAt)
            : new SettingRow(d.Key, d.Label, d.Help, d.Allowed, d.Default, d.Default, null, null))];
    }

    /// <summary>Changes one setting; in force on this replica at once.</summary>
    public async Task<SettingOutcome> ChangeAsync(string key, string value, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.ChangeSettings) is { } refusal) return new SettingOutcome.Forbidden(refusal);
        if (Definitions.FirstOrDefault(d => d.Key == key) is not { } definition) return new SettingOutcome.NotFound();
        var wanted = value.Trim();
        if (definition.Refuse(wanted) is { } allowed) return new SettingOutcome.Invalid($"Allowed: {allowed}.");
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        // One at a time, so that the trail's "before" is what really was.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('settings', 0))", cancellationToken);
        var row = await db.Settings.SingleOrDefaultAsync(s => s.Key == key, cancellationToken);
        var before = row?.Value ?? definition.Default;
        if (row is null) db.Settings.Add(new PortalSetting { Key = key, Value = wanted, ChangedBy = actor.UserId, ChangedAt = now });
        else (row.Value, row.ChangedBy, row.ChangedAt) = (wanted, actor.UserId, now);
        db.Audit(actor, now, "setting.change", "setting", key, definition.Label, new { before, after = wanted });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        lock (_gate) _known = null;
        return new SettingOutcome.Saved();
    }

    /// <param name="Refuse">Null when the value is good, otherwise what is allowed.</param>
    private sealed record Definition(string Key, string Label, string Help, string Allowed, string Default, Func<string, string?> Refuse);
}
