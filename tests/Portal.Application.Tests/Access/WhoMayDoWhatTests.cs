using System.Reflection;
using AwesomeAssertions;
using Portal.Application.Access;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>
/// Every public use case and query, called for real by every kind of actor about something that belongs to somebody of team vision, and compared with <c>who-may-do-what.txt</c>, which is written by hand from the rules.
/// </summary>
public sealed class WhoMayDoWhatTests : HostedTests
{
    private static readonly string Table = Path.Combine(RepositoryFolder.Root, "tests", "Portal.Application.Tests", "Access", "who-may-do-what.txt");

    [Fact]
    public void Rows_OfUseCasesAndQueries_AreAllThere()
    {
        var methods = typeof(LaunchWorkload).Assembly.GetExportedTypes().SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(m => !m.IsSpecialName && m.GetParameters().Any(p => p.ParameterType == typeof(Actor))).Select(m => $"{m.DeclaringType!.Name}.{m.Name}").Distinct().ToList();

        methods.Should().HaveCountGreaterThan(60);
        methods.Except(MatrixRows.All.Keys).Except(MatrixRows.Exempt.Keys).Should().BeEmpty("each has a row in MatrixRows and a line in who-may-do-what.txt");
        MatrixRows.All.Keys.Concat(MatrixRows.Exempt.Keys).Except(methods).Should().BeEmpty("a row is about something that is there");
        RightsTable.Read(Table).Lines.Select(l => l.Name).Should().BeEquivalentTo(MatrixRows.All.Keys);
    }

    [Fact]
    public async Task Calls_ByEveryKindOfActor_EndAsTheTableSays()
    {
        Host.Launch.MaxPending = 100_000;
        await MatrixWorld.PrepareAsync(Host, Lena);
        await Host.PublishAsync(await Host.AddPersonAsync("Root", roles: [PortalRoles.Admin]), """{"rules": [], "default": {"effect": "allow"} }""");
        var table = RightsTable.Read(Table);
        table.Columns.Should().Equal(MatrixColumn.All.Select(c => c.Name));
        var actors = new List<(MatrixColumn Column, Actor Actor)>();
        foreach (var column in MatrixColumn.All) actors.Add((column, await ActorAsync(column, actors.Count)));
        var (number, wrong) = (0, new List<string>());
        foreach (var line in table.Lines)
            for (var i = 0; i < actors.Count; i++)
            {
                var world = new MatrixWorld(Host, actors[i].Column, actors[i].Actor, Lena, ++number);
                var seen = Seen(await MatrixRows.All[line.Name](world));
                if (seen != line.Cells[i]) wrong.Add($"{line.Name} by {actors[i].Column.Name}: the table says {RightsTable.Word(line.Cells[i])}, it is {RightsTable.Word(seen)}");
            }
        wrong.Should().BeEmpty();
    }

    [Fact]
    public void ReadMe_BesideTheRules_ShowsTheSameTable() =>
        File.ReadAllText(Path.Combine(RepositoryFolder.Root, "src", "Portal.Domain", "Access", "README.md")).ReplaceLineEndings("\n").Should().Contain(RightsTable.Read(Table).ToMarkdown(), "it is made from who-may-do-what.txt");

    private async Task<Actor> ActorAsync(MatrixColumn column, int number)
    {
        var person = await Host.AddPersonAsync($"Actor{number}", column.Team.Length == 0 ? [] : [column.Team], column.Role.Length == 0 ? [] : [column.Role]);
        return column.Scope is { } scope ? await Host.ActorAsync(person.UserId, scope) with { TokenId = Guid.NewGuid() } : person;
    }

    // A refusal names the right that is missing. What is wrong with the request itself, or with the moment, comes after the right to ask.
    private static char Seen(object? answer) => answer switch
    {
        null or false => RightsTable.Hidden,
        true => RightsTable.Allowed,
        "refused" => RightsTable.Refused,
        LaunchWorkload.Outcome.Invalid { Errors: var errors } when errors.ContainsKey("team") => RightsTable.Refused,
        EstimateLaunch.Outcome.Invalid { Errors: var errors } when errors.ContainsKey("team") => RightsTable.Refused,
        Portal.Application.Access.Approvals.ApprovalOutcome.Invalid { Errors: var errors } when errors.ContainsKey("team") => RightsTable.Refused,
        CreateToken.Outcome.Invalid { Errors: var errors } when errors.ContainsKey("scopes") => RightsTable.Refused,
        _ => answer.GetType().Name switch { "Forbidden" => RightsTable.Refused, "NotFound" => RightsTable.Hidden, _ => RightsTable.Allowed },
    };
}
