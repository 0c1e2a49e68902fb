using System.Text.Json;
using Portal.Application.Access.Policies;
using Portal.Domain.Access;

namespace Portal.Testing.Hosting;

/// <summary>Short words for policies in tests.</summary>
public static class HostPolicies
{
    /// <summary>Steps: the team's lead.</summary>
    public const string Lead = """[{"approvers": {"teamLeads": true}}]""";

    /// <summary>Steps: the team's lead, then an administrator.</summary>
    public const string LeadThenAdmin = """[{"approvers": {"teamLeads": true}}, {"approvers": {"role": "Admin"}}]""";

    /// <summary>Publishes one rule that asks for approval of everything.</summary>
    public static Task<int> AskForEverythingAsync(this ApplicationHost host, Actor admin, string steps = Lead) =>
        host.PublishAsync(admin, $$"""{"rules": [{"name": "Everything", "when": {"all": []}, "effect": "requireApproval", "steps": {{steps}} }], "default": {"effect": "allow"} }""");

    /// <summary>Publishes a list and answers its number.</summary>
    public static async Task<int> PublishAsync(this ApplicationHost host, Actor admin, string json)
    {
        var seen = (await host.Get<PolicyQueries>().ReadAsync(null, admin, default))!.Number;
        var outcome = await host.Get<PublishPolicies>().ExecuteAsync(JsonSerializer.Deserialize<JsonElement>(json), seen, null, admin, default);
        return outcome is PublishPolicies.Outcome.Published published ? published.Number
            : throw new InvalidOperationException($"Not published: {outcome}{(outcome is PublishPolicies.Outcome.Invalid i ? string.Join("; ", i.Errors.Select(e => $"{e.Key}: {e.Value[0]}")) : "")}");
    }
}
