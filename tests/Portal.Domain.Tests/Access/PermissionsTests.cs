using AwesomeAssertions;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Access;

/// <summary>What one place says about who may do what.</summary>
public sealed class PermissionsTests
{
    private static readonly Guid Self = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();
    private static readonly Guid Team = Guid.NewGuid();

    // role, scopes: own, member, lead, shared (o: open, O: operate), open to the team -> see, open, operate, change
    [Theory]
    [InlineData("", "all", "own member", "see open operate change")]
    [InlineData("", "all", "own", "see")] // its owner, who has left the team
    [InlineData("", "all", "member", "see")]
    [InlineData("", "all", "member toTeam", "see open")]
    [InlineData("", "all", "member lead", "see operate change")]
    [InlineData("", "all", "sharedOpen", "see open")]
    [InlineData("", "all", "sharedOperate", "see open operate")]
    [InlineData("", "all", "toTeam", "")] // open to a team that is not one's own
    [InlineData("", "all", "", "")]
    [InlineData("Admin", "all", "", "see operate change")] // no back door into programs
    [InlineData("FinOps", "all", "", "see")]
    [InlineData("Auditor", "all", "", "see")]
    [InlineData("", "read", "own member lead sharedOperate toTeam", "see")]
    [InlineData("", "launch", "own member", "see open operate change")]
    [InlineData("", "launch", "sharedOperate", "see open operate")]
    [InlineData("", "approve", "own member lead sharedOperate toTeam", "")]
    [InlineData("Admin", "read", "", "see")]
    [InlineData("Admin", "launch", "", "see")] // administrator only with the scope
    [InlineData("Admin", "admin launch", "", "see operate change")]
    [InlineData("Admin", "admin", "", "see")]
    [InlineData("Admin", "approve", "", "")]
    public void Workload_OfEachKind_IsWhatTheTableSays(string role, string scopes, string is_, string may)
    {
        var (actor, workload) = Someone(role, scopes, is_.Split(' '));

        var allowed = new[] { ("see", PortalAction.ReadWorkload), ("open", PortalAction.OpenWorkload), ("operate", PortalAction.OperateWorkload), ("change", PortalAction.ChangeWorkload) }.Where(a => actor.May(a.Item2, workload)).Select(a => a.Item1);
        string.Join(' ', allowed).Should().Be(may);
        foreach (var like in new[] { PortalAction.DeleteWorkload, PortalAction.ShareWorkload, PortalAction.TransferWorkload, PortalAction.MoveWorkload })
            actor.May(like, workload).Should().Be(actor.May(PortalAction.ChangeWorkload, workload), "{0} is for those who may change it", like);
    }

    [Fact]
    public void Workload_ThatOneMayNotSee_IsHiddenWhateverIsAsked()
    {
        foreach (var (actor, workload) in EveryKind())
        {
            var hidden = !actor.May(PortalAction.ReadWorkload, workload);
            foreach (var action in Enum.GetValues<PortalAction>().Where(a => a.ToString().EndsWith("Workload", StringComparison.Ordinal) && a != PortalAction.LaunchWorkload))
                Permissions.Of(actor, action, workload).Hidden.Should().Be(hidden, "{0} for {1} of {2}", action, actor, workload);
        }
    }

    [Fact]
    public void Readable_OfRandomWorkloads_IsWhatTheRuleSays()
    {
        var (random, checkedOf) = (new Random(20), (Seen: 0, Hidden: 0));
        Guid[] people = [.. Enumerable.Range(0, 6).Select(_ => Guid.NewGuid())], teams = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        for (var round = 0; round < 400; round++)
        {
            var actor = Person(random, people[random.Next(people.Length)], teams);
            List<Workload> workloads = [.. Enumerable.Range(0, 12).Select(_ => A(people[random.Next(people.Length)], teams[random.Next(teams.Length)], (WorkloadAudience)random.Next(2)))];
            List<WorkloadShare> shares = [.. from w in workloads from p in people where random.Next(6) == 0 select new WorkloadShare { WorkloadId = w.Id, UserId = p, Level = (ShareLevel)random.Next(2) }];

            var listed = workloads.AsQueryable().Readable(shares.AsQueryable(), actor).ToHashSet();

            foreach (var workload in workloads)
            {
                var may = actor.May(PortalAction.ReadWorkload, Subject.OfWorkload.Of(workload, shares.Find(s => s.WorkloadId == workload.Id && s.UserId == actor.UserId)?.Level));
                listed.Contains(workload).Should().Be(may, "list and rule must agree for {0}", actor);
                checkedOf = may ? (checkedOf.Seen + 1, checkedOf.Hidden) : (checkedOf.Seen, checkedOf.Hidden + 1);
            }
        }
        checkedOf.Seen.Should().BeGreaterThan(500);
        checkedOf.Hidden.Should().BeGreaterThan(500);
    }

    [Fact]
    public void Readable_OfRandomRequestsAndTeams_IsWhatTheRuleSays()
    {
        var random = new Random(21);
        Guid[] people = [.. Enumerable.Range(0, 5).Select(_ => Guid.NewGuid())], teams = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        List<Team> all = [.. teams.Select((t, i) => new Team { Id = t, Slug = $"t{i}", Name = "", CreatedAt = default })];
        for (var round = 0; round < 300; round++)
        {
            var actor = Person(random, people[random.Next(people.Length)], teams);
            List<ApprovalRequest> requests = [.. Enumerable.Range(0, 8).Select(_ => Asked(people[random.Next(people.Length)], teams[random.Next(teams.Length)]))];
            List<ApprovalDecision> decisions = [.. from r in requests from p in people where random.Next(5) == 0 select new ApprovalDecision { Id = Guid.NewGuid(), RequestId = r.Id, Revision = 1, Step = 0, ById = p, OnBehalfOfId = p, Verdict = Verdict.Approve, At = default }];

            var listed = requests.AsQueryable().Readable(decisions.AsQueryable(), actor).ToHashSet();
            foreach (var r in requests)
                listed.Contains(r).Should().Be(actor.May(PortalAction.ReadRequest, new Subject.Request(r.RequesterId, r.TeamId, false, decisions.Exists(d => d.RequestId == r.Id && d.ById == actor.UserId), "")), "{0}", actor);
            all.AsQueryable().Readable(actor).Should().Equal(all.Where(t => actor.May(PortalAction.ReadTeam, new Subject.Team(t.Id))));
        }
    }

    [Fact]
    public void Answer_ToEveryActionOnEverySubject_IsOneOfThreeOrAFault()
    {
        var (actor, workload) = Someone("Admin", "all", ["own", "member"]);
        Subject[] subjects = [Subject.Portal, new Subject.Team(Team), workload, new Subject.OfOffer((Subject.OfWorkload)workload, Self), new Subject.OfPerson(Self), new Subject.Token(Self, [TokenScopes.Read]), new Subject.Request(Other, Team, true, true, "x"), new Subject.Restricted(Team), new Subject.Grant(Other, null, Team)];
        foreach (var action in Enum.GetValues<PortalAction>())
        {
            var answers = 0;
            foreach (var subject in subjects)
            {
                try
                {
                    Permissions.Of(actor, action, subject).Should().NotBeNull();
                    answers++;
                }
                catch (ArgumentOutOfRangeException)
                {
                    // Makes no sense for this subject.
                }
            }
            answers.Should().BePositive("{0} is about something", action);
        }
    }

    [Fact]
    public void Refusals_OfEverything_SayWhatIsMissing()
    {
        var stranger = new Actor(Self, "x", "", new HashSet<string>(), [], new HashSet<string>());
        foreach (var action in Enum.GetValues<PortalAction>())
        {
            Ruling ruling;
            try
            {
                ruling = Permissions.Of(stranger, action, Subject.Portal);
            }
            catch (ArgumentOutOfRangeException)
            {
                continue;
            }
            ruling.Allowed.Should().BeFalse("{0} needs some right", action);
            ruling.Reason.Should().MatchRegex("scope|administrator|FinOps|auditor", "{0} must name what is missing", action).And.EndWith(".");
        }
    }

    [Theory]
    [InlineData("Admin", "all", "", true)]
    [InlineData("FinOps", "all", "", true)]
    [InlineData("FinOps", "read", "", false)]
    [InlineData("Auditor", "all", "", false)]
    [InlineData("", "all", "member lead", false)]
    public void SetBudget_OfEachKind_IsForAdministratorsAndFinOps(string role, string scopes, string is_, bool may) =>
        Someone(role, scopes, is_.Split(' ')).Actor.May(PortalAction.SetBudget, new Subject.Team(Team)).Should().Be(may);

    [Theory]
    [InlineData("", "all", "member", true)]
    [InlineData("", "read", "member", false)]
    [InlineData("Admin", "all", "", false)]
    [InlineData("", "all", "", false)]
    public void AskBudget_OfEachKind_IsForTheTeamsOwnPeople(string role, string scopes, string is_, bool may) =>
        Someone(role, scopes, is_.Split(' ')).Actor.May(PortalAction.AskBudget, new Subject.Team(Team)).Should().Be(may);

    private static IEnumerable<(Actor Actor, Subject.OfWorkload Workload)> EveryKind()
    {
        string[] words = ["own", "member", "lead", "sharedOpen", "sharedOperate", "toTeam"];
        foreach (var role in PortalRoles.All.Append(""))
            foreach (var scope in TokenScopes.All.Append("all"))
                for (var bits = 0; bits < 1 << words.Length; bits++) yield return Someone(role, scope, [.. words.Where((_, n) => (bits & (1 << n)) != 0)]);
    }

    private static (Actor Actor, Subject.OfWorkload Workload) Someone(string role, string scopes, string[] is_)
    {
        var leads = is_.Contains("lead");
        var actor = new Actor(Self, "Lena", "lena@example.org", role.Length == 0 ? new HashSet<string>() : new HashSet<string> { role }, leads || is_.Contains("member") ? [new ActorTeam(Team, "vision", "Vision", leads ? TeamRole.Lead : TeamRole.Member)] : [],
            scopes == "all" ? TokenScopes.All.ToHashSet() : scopes.Split(' ').ToHashSet());
        return (actor, new Subject.OfWorkload(is_.Contains("own") ? Self : Other, Team, is_.Contains("toTeam") ? WorkloadAudience.Team : WorkloadAudience.Owner,
            is_.Contains("sharedOperate") ? ShareLevel.Operate : is_.Contains("sharedOpen") ? ShareLevel.Open : null));
    }

    private static Actor Person(Random random, Guid id, Guid[] teams) => new(id, "x", "", PortalRoles.All.Where(_ => random.Next(8) == 0).ToHashSet(),
        [.. teams.Where(_ => random.Next(3) == 0).Select(t => new ActorTeam(t, "t", "T", (TeamRole)random.Next(2)))], TokenScopes.All.Where(_ => random.Next(2) == 0).ToHashSet());

    private static Workload A(Guid owner, Guid team, WorkloadAudience audience) => new()
    {
        Id = Guid.NewGuid(), RequestId = Guid.NewGuid(), Name = "w", Kind = WorkloadKind.Notebook, ItemVersionId = Guid.NewGuid(), TeamId = team, OwnerId = owner, Audience = audience, Target = "local", Capacity = default, Hardware = "cpu",
        HardwareJson = "{}", ParametersJson = "{}", CreatedAt = default, HourlyPrice = 1, ListHourlyPrice = 1,
    };

    private static ApprovalRequest Asked(Guid requester, Guid team) => new()
    {
        Id = Guid.NewGuid(), Kind = ApprovalKind.Launch, RequesterId = requester, TeamId = team, Subject = "s", Title = "t", Rule = "r", Why = "w", StepsJson = "[]", StepSince = default, ExpiresAt = default, CreatedAt = default,
    };
}
