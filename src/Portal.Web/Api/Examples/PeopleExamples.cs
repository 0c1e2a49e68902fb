using Portal.Application.Access;
using Portal.Application.Teams;
using Portal.Domain.Compute;

namespace Portal.Web.Api.Examples;

/// <summary>People, teams, tokens and targets as the OpenAPI document shows them.</summary>
internal static class PeopleExamples
{
    private static readonly Guid Sam = new("0197a1b0-0a1b-7c2d-8e3f-4a5b6c7d8e9f");
    private static readonly Guid TokenId = new("0197a1b1-1b2c-7d3e-9f40-5b6c7d8e9f0a");
    private static readonly DateTimeOffset Made = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public static MeAnswer Me { get; } = new(Sam, "sam@example.org", "Sam", ["Admin"], [new MyTeamAnswer("platform", "Platform", "lead")], ["launch", "read"]);

    public static ItemsAnswer<TargetAnswer> Targets { get; } = Lists.Items(
        [new TargetAnswer("local", "local", true, null, new TargetCapacityAnswer(new ResourceAmount(2, 8, 0), new ResourceAmount(16, 24, 0), new ResourceAmount(0.5m, 0.5m, 0)), "sandboxed", "cgroup-v2")]);

    public static TokenRequest NewToken { get; } = new("nightly evaluation", ["read", "launch"], Made.AddDays(90));

    public static NewTokenAnswer MadeToken { get; } = new(TokenId, "ptl_kR3vXw…", "ptl_kR3vXw", "nightly evaluation", ["read", "launch"], Made.AddDays(90));

    public static ItemsAnswer<TokenRow> Tokens { get; } = Lists.Items([new TokenRow(TokenId, "nightly evaluation", "ptl_kR3vXw", ["read", "launch"], Made, Made.AddDays(90), null)]);

    public static PageAnswer<PersonRow> Users { get; } = Lists.Whole([new PersonRow(Sam, "sam@example.org", "Sam", false, ["Admin"], ["platform"])]);

    public static UserRequest NewUser { get; } = new("lena@example.org", "Lena", Roles: ["FinOps"]);

    public static UserAnswer User { get; } = new("0197a1b2-2c3d-7e4f-8051-6c7d8e9f0a1b", "lena@example.org", "Lena", ["FinOps"], false, "rUq7-mD2x-9sKe-Vb4T");

    public static NewPasswordAnswer NewPassword { get; } = new("0197a1b2-2c3d-7e4f-8051-6c7d8e9f0a1b", "rUq7mD2x9sKeVb4TnHw3pQzY");

    public static UserChange ChangeUser { get; } = new(true);

    public static UserChangeAnswer ChangedUser { get; } = new("0197a1b2-2c3d-7e4f-8051-6c7d8e9f0a1b", true, null);

    public static PageAnswer<TeamAnswer> Teams { get; } = Lists.Whole([new TeamAnswer("platform", "Platform", "CC-100", [new TeamMemberAnswer("sam@example.org", "Sam", "lead")])]);

    public static TeamRequest NewTeam { get; } = new("vision", "Vision", "CC-200");

    public static TeamAnswer Team { get; } = new("vision", "Vision", "CC-200", []);

    public static MembershipRequest NewMembership { get; } = new("lead");

    public static MembershipAnswer Membership { get; } = new("vision", "lena@example.org", "lead");

    public static JoinRequest AskToJoin { get; } = new("I work on defect detection with Max.");

    public static ApprovalAnswer JoinRequest { get; } = AccessExamples.Approval with
    {
        Kind = "Membership", Subject = new ApprovalSubject("team", "vision", "Join Vision"), Reason = AskToJoin.Reason, ExpiresAt = AccessExamples.Approval.CreatedAt.AddDays(7),
        Policy = new ApprovalPolicyAnswer("Teams choose their members", null, "its leads let people in"), Quote = null, Hours = null, MayDecide = false,
    };
}
