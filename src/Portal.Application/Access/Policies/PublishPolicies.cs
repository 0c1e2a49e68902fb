using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Policies;

/// <summary>Puts a list of policies in force. Lists are never changed: each publication is a new number.</summary>
public sealed class PublishPolicies(IDbContextFactory<PortalDbContext> contexts, PolicyBook book)
{
    public abstract record Outcome
    {
        private Outcome() { }

        public sealed record Published(int Number) : Outcome;

        /// <param name="Errors">By path, such as <c>rules[2].when.op</c>.</param>
        public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Outcome;

        public sealed record Forbidden(string Reason) : Outcome;

        /// <summary>Somebody else has published since.</summary>
        public sealed record Stale(int Number) : Outcome;
    }

    /// <param name="document">See <see cref="PolicyJson"/>.</param>
    /// <param name="basedOn">The number that the author has seen.</param>
    public async Task<Outcome> ExecuteAsync(JsonElement document, int basedOn, string? note, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.PublishPolicies) is { } refusal) return new Outcome.Forbidden(refusal);
        var (list, errors) = PolicyReader.Read(document);
        if (list is null) return new Outcome.Invalid(errors);
        if (note is { Length: > 500 } || note?.Contains('\0') == true) return new Outcome.Invalid(new Dictionary<string, string[]> { ["note"] = ["At most 500 characters."] });
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var before = await book.GetAsync(db, cancellationToken);
        if (before.Number != basedOn) return new Outcome.Stale(before.Number);
        var now = await db.NowAsync(cancellationToken);
        var json = PolicyJson.Write(list).ToJsonString();
        db.PolicyVersions.Add(new PolicyVersion { Number = before.Number + 1, Schema = PolicyJson.SchemaVersion, ListJson = json, PublishedAt = now, PublishedById = actor.UserId, Note = note });
        db.Audit(actor, now, "policies.publish", "policies", $"{before.Number + 1}", $"Policies {before.Number + 1}", new { before = PolicyJson.Write(before.List), after = PolicyJson.Write(list) }, note);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new Outcome.Stale(before.Number + 1);
        }
        return new Outcome.Published(before.Number + 1);
    }
}
