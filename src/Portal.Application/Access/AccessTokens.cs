using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;

namespace Portal.Application.Access;

/// <summary>A token as its owner sees it later: never the token itself.</summary>
public sealed record TokenRow(Guid Id, string Name, string Prefix, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt);

/// <summary>Makes a personal access token; the answer is the only place where it is ever seen.</summary>
public sealed class CreateToken(IDbContextFactory<PortalDbContext> contexts)
{
    public abstract record Outcome
    {
        private Outcome() { }

        public sealed record Created(string Token, TokenRow Row) : Outcome;

        public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Outcome;
    }

    /// <param name="knownToken">Used by the first start only, so that a crash between file and database leaves one token, not two.</param>
    public async Task<Outcome> ExecuteAsync(string name, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt, Actor actor, CancellationToken cancellationToken, string? knownToken = null)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var errors = Check(name, scopes, expiresAt, actor, now);
        if (errors.Count > 0) return new Outcome.Invalid(errors);
        var token = knownToken ?? TokenText.New();
        var row = new AccessToken
        {
            Id = Guid.CreateVersion7(now),
            UserId = actor.UserId,
            Name = name.Trim(),
            Prefix = token[..10],
            Hash = TokenText.Hash(token),
            Scopes = [.. scopes.Distinct()],
            CreatedAt = now,
            ExpiresAt = expiresAt?.ToUniversalTime(),
        };
        db.AccessTokens.Add(row);
        db.Audit(actor, now, "token.create", "token", row.Id.ToString(), row.Name, new { scopes, expiresAt });
        await db.SaveChangesAsync(cancellationToken);
        return new Outcome.Created(token, new TokenRow(row.Id, row.Name, row.Prefix, row.Scopes, row.CreatedAt, row.ExpiresAt, null));
    }

    private static Dictionary<string, string[]> Check(string name, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt, Actor actor, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(name) || name.Length > 100 || name.Contains('\0')) errors["name"] = ["1 to 100 characters."];
        var unknown = scopes.Where(s => !TokenScopes.All.Contains(s)).ToList();
        if (scopes.Count == 0 || unknown.Count > 0) errors["scopes"] = [$"{(unknown.Count > 0 ? $"Unknown: {string.Join(", ", unknown)}. " : "")}Choose from {string.Join(", ", TokenScopes.All)}."];
        else if (actor.Refusal(PortalAction.CreateToken, new Subject.Token(actor.UserId, [.. scopes])) is { } refusal) errors["scopes"] = [refusal];
        if (expiresAt <= now) errors["expiresAt"] = ["Must lie in the future."];
        if (expiresAt > now.AddYears(1)) errors["expiresAt"] = ["At most a year ahead."];
        return errors;
    }
}

/// <summary>Ends a token at once.</summary>
public sealed class RevokeToken(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>False when the person has no such token.</summary>
    public async Task<bool> ExecuteAsync(Guid id, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var token = await db.AccessTokens.SingleOrDefaultAsync(t => t.Id == id, cancellationToken);
        if (token is null || !actor.May(PortalAction.ManageTokens, new Subject.OfPerson(token.UserId))) return false;
        if (token.RevokedAt is not null) return true;
        token.RevokedAt = await db.NowAsync(cancellationToken);
        db.Audit(actor, token.RevokedAt.Value, "token.revoke", "token", id.ToString(), token.Name);
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }
}

/// <summary>Reads tokens: a person's list, and who presents one.</summary>
public sealed class TokenQueries(IDbContextFactory<PortalDbContext> contexts, ActorDirectory actors)
{
    private static readonly TimeSpan LastUsedPrecision = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<TokenRow>> ListAsync(Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.AccessTokens.Where(t => t.UserId == actor.UserId && t.RevokedAt == null).OrderByDescending(t => t.CreatedAt)
            .Select(t => new TokenRow(t.Id, t.Name, t.Prefix, t.Scopes, t.CreatedAt, t.ExpiresAt, t.LastUsedAt)).ToListAsync(cancellationToken);
    }

    /// <summary>The actor behind a presented token, or null when it is unknown, revoked, expired, or its person disabled.</summary>
    public async Task<Actor?> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        if (!TokenText.LooksRight(token)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var hash = TokenText.Hash(token);
        var now = await db.NowAsync(cancellationToken);
        var row = await db.AccessTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash && t.RevokedAt == null && (t.ExpiresAt == null || t.ExpiresAt > now), cancellationToken);
        if (row is null) return null;
        if (row.LastUsedAt is null || now - row.LastUsedAt > LastUsedPrecision)
            await db.AccessTokens.Where(t => t.Id == row.Id).ExecuteUpdateAsync(set => set.SetProperty(t => t.LastUsedAt, now), cancellationToken);
        return await actors.FindAsync(row.UserId, row.Scopes, cancellationToken) is { } actor ? actor with { TokenId = row.Id } : null;
    }
}

/// <summary>The form of a token: <c>ptl_</c> and 43 characters of base64url (256 bit).</summary>
public static class TokenText
{
    public const string Start = "ptl_";

    public static string New() => Start + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public static bool LooksRight(string token) => token.StartsWith(Start, StringComparison.Ordinal) && token.Length is > 20 and < 100;
}
