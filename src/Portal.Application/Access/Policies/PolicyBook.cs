using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access.Policies;

namespace Portal.Application.Access.Policies;

/// <summary>The list of policies in force.</summary>
/// <param name="Number">0 while nobody has published any: everything is allowed.</param>
public sealed record PoliciesInForce(int Number, PolicyList List);

/// <summary>Reads published policies; each number is parsed once.</summary>
public sealed class PolicyBook
{
    private readonly ConcurrentDictionary<int, PolicyList> _parsed = new();

    /// <summary>What is in force at this moment of the transaction.</summary>
    public async Task<PoliciesInForce> GetAsync(PortalDbContext db, CancellationToken cancellationToken)
    {
        var number = await db.PolicyVersions.MaxAsync(p => (int?)p.Number, cancellationToken) ?? 0;
        return new PoliciesInForce(number, await ReadAsync(db, number, cancellationToken));
    }

    /// <summary>One published list.</summary>
    public async Task<PolicyList> ReadAsync(PortalDbContext db, int number, CancellationToken cancellationToken)
    {
        if (number == 0) return PolicyList.Open;
        if (_parsed.TryGetValue(number, out var known)) return known;
        var json = await db.PolicyVersions.Where(p => p.Number == number).Select(p => p.ListJson).SingleAsync(cancellationToken);
        using var document = JsonDocument.Parse(json);
        var (list, errors) = PolicyReader.Read(document.RootElement);
        return _parsed[number] = list ?? throw new InvalidOperationException($"Policies {number} cannot be read: {string.Join("; ", errors.Select(e => $"{e.Key}: {e.Value[0]}"))}");
    }
}
