using System.Text.Json;
using Portal.Domain.Access.Approvals;

namespace Portal.Web.Api.Examples;

/// <summary>Policies and approvals as the OpenAPI document shows them.</summary>
internal static class AccessExamples
{
    private static readonly DateTimeOffset Asked = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly Guid RequestId = new("0197a1d0-1111-7c3a-9f10-2d4e6f8a0b1c");

    private static JsonElement Rules { get; } = Json("""[{"name": "Any GPU", "when": {"field": "gpuCount", "op": "ge", "value": 1}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}, "count": 1, "expiresAfter": "P1D"}]}]""");

    private static JsonElement Otherwise { get; } = Json("""{"effect": "allow"}""");

    public static PoliciesRequest PoliciesToPublish { get; } = new(Rules, Otherwise, "GPUs are asked for");

    public static PoliciesAnswer Policies { get; } = new(23, Rules, Otherwise, Asked, "Sam", "GPUs are asked for", ["GPU launches need one approval: their lead."]);

    public static SimulationRequest Simulate { get; } = new(new DescribedRequest("tiny-lm-training", "vision", "lena@example.org", "gpu-a10g", Lifetime: TimeSpan.FromHours(18)));

    public static SimulationAnswer Simulated { get; } = new("requireApproval", "Any GPU", 1, 23, null, "GPU launches need one approval: their lead.", ["their lead"], [new PolicyTraceAnswer(1, "Any GPU", true, "GPU count is 1")]);

    public static ApprovalAnswer Approval { get; } = new(
        RequestId, "Launch", new ApprovalSubject("workload", WorkloadExamples.Id.ToString(), "lora-support-intent"), "lena@example.org", "vision", "Retrain before Friday's release.", Asked, Asked.AddDays(1), ApprovalState.Waiting, 1,
        [new ApprovalStepAnswer(Json("""{"teamLeads": true}"""), 1, [])], new ApprovalPolicyAnswer("Any GPU", 23, "GPU count is 1"), new QuoteAnswer(1.0091m, 736.64m, "USD"), 18, 1, null, null, true, null);

    public static ItemsAnswer<ApprovalAnswer> Approvals { get; } = Lists.Items([Approval]);

    public static DecisionRequest Decision { get; } = new("approve", "Good luck.", 1);

    public static DelegationRequest Delegate { get; } = new("tom@example.org", Asked, Asked.AddDays(7));

    public static DelegationAnswer Delegation { get; } = new(new("0197a1d0-2222-7c3a-9f10-2d4e6f8a0b1c"), "Max", "Tom", Asked, Asked.AddDays(7));

    public static AccessRequest AskAccess { get; } = new(new AccessSubject(Hardware: "gpu-h100x8"), "vision", TimeSpan.FromDays(14), "Training run for the October release");

    public static ApprovalAnswer AccessApproval { get; } = Approval with
    {
        Kind = "Access", Subject = new ApprovalSubject("hardware", "gpu-h100x8", "gpu-h100x8 for 14 d"), Reason = AskAccess.Reason, Steps = [new ApprovalStepAnswer(Json("""{"role": "Admin"}"""), 1, [])],
        Policy = new ApprovalPolicyAnswer("hardware gpu-h100x8 is restricted", null, "it needs a grant"), Quote = null, Hours = 336, MayDecide = false,
    };

    public static ApprovalAnswer BudgetRaise { get; } = Approval with
    {
        Kind = "Budget", Subject = new ApprovalSubject("budget", "vision", "Budget of Vision"), Reason = "A second model until the release", Steps = [new ApprovalStepAnswer(Json("""{"role": "FinOps"}"""), 1, [])],
        Policy = new ApprovalPolicyAnswer("Budgets are raised by request", null, "it is $5000 a month now"), Quote = null, Hours = null, MayDecide = false, Amount = 7500,
    };

    public static RestrictionRequest Restrict { get; } = new(Json("""[{"approvers": {"role": "Admin"}}]"""), TimeSpan.FromDays(30), "keep", TimeSpan.FromHours(1), "Few of them, and dear");

    public static RestrictionAnswer Restriction { get; } = new("hardware", "gpu-h100x8", "an Admin", TimeSpan.FromDays(30), "keep", TimeSpan.FromHours(1), "Few of them, and dear", false, null, true, 2);

    public static GrantRequest Give { get; } = new(new AccessSubject(Item: "tiny-lm-endpoint"), "vision", TimeSpan.FromDays(30), "Pilot of the quarter");

    public static GrantAnswer Grant { get; } = new(new("0197a1d0-3333-7c3a-9f10-2d4e6f8a0b1c"), "item", "tiny-lm-endpoint", "vision", true, Asked, Asked.AddDays(30), "Sam", null, null, null, null, true);

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);
}
