using AwesomeAssertions;
using Portal.Domain.Access;
using Portal.Domain.Teams;
using Xunit;

namespace Portal.Domain.Tests.Access;

/// <summary>Who may see, change and open a workload, as a table.</summary>
public sealed class WorkloadAccessTests
{
    private static readonly Guid Self = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();
    private static readonly Guid Team = Guid.NewGuid();

    // role, scopes: own, member, lead, shared, open to the team -> see, change, open
    [Theory]
    [InlineData("", "all", true, true, false, false, false, true, true, true)]
    [InlineData("", "all", true, false, false, false, false, true, false, false)] // its owner, who has left the team
    [InlineData("", "all", false, true, false, false, false, true, false, false)]
    [InlineData("", "all", false, true, false, false, true, true, false, true)]
    [InlineData("", "all", false, true, true, false, false, true, true, false)]
    [InlineData("", "all", false, false, false, true, false, true, false, true)]
    [InlineData("", "all", false, false, false, false, true, false, false, false)] // open to a team that is not one's own
    [InlineData("", "all", false, false, false, false, false, false, false, false)]
    [InlineData("Admin", "all", false, false, false, false, false, true, true, false)] // no back door into programs
    [InlineData("FinOps", "all", false, false, false, false, false, true, false, false)]
    [InlineData("Auditor", "all", false, false, false, false, false, true, false, false)]
    [InlineData("", "read", true, true, true, true, true, true, false, false)]
    [InlineData("", "launch", true, true, false, false, false, true, true, true)]
    [InlineData("", "approve", true, true, true, true, true, false, false, false)]
    [InlineData("Admin", "read", false, false, false, false, false, true, false, false)]
    [InlineData("Admin", "launch", false, false, false, false, false, true, false, false)] // administrator only with the scope
    [InlineData("Admin", "admin launch", false, false, false, false, false, true, true, false)]
    [InlineData("Admin", "approve", false, false, false, false, false, false, false, false)]
    public void Access_OfEachKind_IsWhatTheTableSays(string role, string scopes, bool owns, bool member, bool leads, bool shared, bool openToTeam, bool see, bool change, bool open)
    {
        var actor = new Actor(Self, "Lena", "lena@example.org", role.Length == 0 ? new HashSet<string>() : new HashSet<string> { role },
            member || leads ? [new ActorTeam(Team, "vision", "Vision", leads ? TeamRole.Lead : TeamRole.Member)] : [],
            scopes == "all" ? TokenScopes.All.ToHashSet() : scopes.Split(' ').ToHashSet());
        var owner = owns ? Self : Other;

        WorkloadAccess.MaySee(actor, owner, Team, shared).Should().Be(see);
        WorkloadAccess.MayChange(actor, owner, Team).Should().Be(change);
        WorkloadAccess.MayOpen(actor, owner, Team, openToTeam, shared).Should().Be(open);
    }

    [Fact]
    public void ChangeOrOpen_WithoutSeeing_NeverHappens()
    {
        foreach (var role in PortalRoles.All.Append(""))
            foreach (var scope in TokenScopes.All)
                for (var bits = 0; bits < 32; bits++)
                {
                    bool Bit(int n) => (bits & (1 << n)) != 0;
                    var actor = new Actor(Self, "x", "", new HashSet<string> { role }, Bit(0) ? [new ActorTeam(Team, "t", "T", Bit(1) ? TeamRole.Lead : TeamRole.Member)] : [], new HashSet<string> { scope });
                    var owner = Bit(2) ? Self : Other;
                    if (WorkloadAccess.MaySee(actor, owner, Team, Bit(3))) continue;
                    WorkloadAccess.MayChange(actor, owner, Team).Should().BeFalse($"{role} {scope} {bits}");
                    WorkloadAccess.MayOpen(actor, owner, Team, Bit(4), Bit(3)).Should().BeFalse($"{role} {scope} {bits}");
                }
    }
}
