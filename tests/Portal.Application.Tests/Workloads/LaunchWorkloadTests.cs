using System.Text.Json;
using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;
using Outcome = Portal.Application.Workloads.LaunchWorkload.Outcome;

namespace Portal.Application.Tests.Workloads;

public sealed class LaunchWorkloadTests : HostedTests
{
    private Task<Outcome> LaunchAsync(LaunchRequest request, Actor? actor = null) => Host.Get<LaunchWorkload>().ExecuteAsync(request, actor ?? Lena, default);

    [Fact]
    public async Task SameRequest_TwentyClicksAtOnce_LaunchOnce()
    {
        var other = Host.AnotherProcess();
        await using var _ = other;
        var request = new LaunchRequest { Item = HostWorkloads.Notebook, Name = "clicked", Hardware = "cpu-tiny" };

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => (i % 2 == 0 ? Host : other).Get<LaunchWorkload>().ExecuteAsync(request, Lena, default))));

        var launched = outcomes.Should().AllBeOfType<Outcome.Launched>().Which.ToList();
        launched.Select(o => o.WorkloadId).Distinct().Should().ContainSingle();
        launched.Count(o => !o.Existing).Should().Be(1);
        await using var db = await Host.OpenAsync();
        (await db.Workloads.CountAsync()).Should().Be(1);
        (await db.AuditEntries.CountAsync(e => e.Action == "workload.launch")).Should().Be(1);
    }

    [Fact]
    public async Task SameRequestId_OfAnotherPerson_IsAnotherLaunch()
    {
        var ben = await Host.AddPersonAsync("Ben", ["vision"]);
        var request = new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny" };

        var (first, second) = ((Outcome.Launched)await LaunchAsync(request), (Outcome.Launched)await LaunchAsync(request, ben));

        second.Existing.Should().BeFalse();
        second.WorkloadId.Should().NotBe(first.WorkloadId);
    }

    [Fact]
    public async Task Name_TakenInTheTeam_IsRefusedAndFreeElsewhere()
    {
        var tom = await Host.AddPersonAsync("Tom", ["speech"]);
        await Host.LaunchAsync(Lena, name: "demo");

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = "demo" })).Should().BeOfType<Outcome.NameTaken>().Which.Reason.Should().Contain("demo");
        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = "demo" }, tom)).Should().BeOfType<Outcome.Launched>();
    }

    [Fact]
    public async Task Name_NotGiven_IsMadeUp()
    {
        var id = await Host.LaunchAsync(Lena);

        (await Host.RowAsync(id)).Name.Should().MatchRegex("^jupyter-notebook-[0-9a-f]{8}$");
    }

    [Theory]
    [InlineData("team", "speech", "team")]
    [InlineData("team", "nowhere", "team")]
    [InlineData("item", "nothing", "item")]
    [InlineData("version", "9.9.9", "version")]
    [InlineData("hardware", "gpu-t4", "hardware")]
    [InlineData("hardware", "huge", "hardware")]
    [InlineData("target", "moon", "target")]
    [InlineData("capacity", "spot", "capacity")]
    [InlineData("capacity", "free", "capacity")]
    [InlineData("name", "Not A Name", "name")]
    [InlineData("name", "", "name")]
    [InlineData("name", "ends-with-newline\n", "name")]
    [InlineData("lifetime", "0", "lifetime")]
    [InlineData("lifetime", "9999", "lifetime")]
    [InlineData("idle", "0", "idleTimeout")]
    [InlineData("reason", "\0", "reason")]
    [InlineData("tags", "Bad Key", "tags")]
    [InlineData("parameters", """{"nonsense": 1}""", "parameters.nonsense")]
    [InlineData("parameters", """{"environment": "text"}""", "parameters.environment")]
    public async Task Request_WrongInOneField_IsRefusedUnderThatField(string what, string value, string field)
    {
        await Host.AddTeamAsync("speech");
        var fine = new LaunchRequest { Item = HostWorkloads.Notebook };
        var request = what switch
        {
            "team" => fine with { Team = value },
            "item" => fine with { Item = value },
            "version" => fine with { Version = value },
            "hardware" => fine with { Hardware = value },
            "target" => fine with { Target = value },
            "capacity" => fine with { Capacity = value },
            "name" => fine with { Name = value },
            "lifetime" => fine with { Lifetime = TimeSpan.FromHours(int.Parse(value)) },
            "idle" => fine with { IdleTimeout = TimeSpan.FromHours(int.Parse(value)) },
            "reason" => fine with { Reason = value },
            "tags" => fine with { Tags = new Dictionary<string, string> { [value] = "x" } },
            _ => fine with { Parameters = JsonDocument.Parse(value).RootElement },
        };

        (await LaunchAsync(request)).Should().BeOfType<Outcome.Invalid>().Which.Errors.Should().ContainKey(field);
        await using var db = await Host.OpenAsync();
        (await db.Workloads.AnyAsync()).Should().BeFalse();
    }

    [Fact]
    public async Task NotAMember_OfAnyTeam_IsToldSo()
    {
        var nobody = await Host.AddPersonAsync("Nobody");

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, nobody)).Should().BeOfType<Outcome.Invalid>().Which.Errors["team"][0].Should().Contain("no team");
        var admin = await Host.AddPersonAsync("Root", roles: ["Admin"]);
        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Team = "vision" }, admin)).Should().BeOfType<Outcome.Invalid>("an administrator spends no other team's money either");
    }

    [Fact]
    public async Task TwoTeams_MustSayWhichPays()
    {
        await Host.JoinAsync(Lena.UserId, "speech");
        var lena = await Host.ActorAsync(Lena.UserId);

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, lena)).Should().BeOfType<Outcome.Invalid>().Which.Errors["team"][0].Should().Contain("speech, vision");
        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Team = "speech" }, lena)).Should().BeOfType<Outcome.Launched>();
    }

    [Theory]
    [InlineData("launch", true)]
    [InlineData("read", false)]
    [InlineData("approve", false)]
    [InlineData("admin", false)]
    public async Task TokenScope_DecidesWhoLaunchesAndChanges(string scope, bool allowed)
    {
        var token = await Host.ActorAsync(Lena.UserId, scope);
        var id = await Host.LaunchRunningAsync(Lena);

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, token) is Outcome.Launched).Should().Be(allowed);
        var stop = await Host.Get<StopWorkload>().ExecuteAsync(id, token, default);
        if (allowed) stop.Should().BeOfType<WorkloadOutcome.Accepted>();
        else if (scope == "approve") stop.Should().BeOfType<WorkloadOutcome.NotFound>();
        else stop.Should().BeOfType<WorkloadOutcome.Forbidden>().Which.Reason.Should().Contain("scope 'launch'");
    }

    [Fact]
    public async Task Waiting_TooMany_IsBusy()
    {
        Host.Launch.MaxPending = 2;
        await Host.LaunchAsync(Lena);
        await Host.LaunchAsync(Lena);

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook })).Should().BeOfType<Outcome.Busy>().Which.RetryAfter.Should().BePositive();
        await Host.PumpAsync();
        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook })).Should().BeOfType<Outcome.Launched>();
    }

    [Fact]
    public async Task Target_CannotTakeIt_IsUnavailableWithTheReason()
    {
        Host.Target.Description = Host.Target.Description with { Healthy = false, Reason = "The program jupyter-notebook is missing." };

        (await LaunchAsync(new LaunchRequest { Item = HostWorkloads.Notebook })).Should().BeOfType<Outcome.Unavailable>().Which.Reason.Should().Be("The program jupyter-notebook is missing.");
        var estimate = (EstimateLaunch.Outcome.Estimated)await Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook }, Lena, default);
        estimate.Offers.Should().ContainSingle().Which.Should().Match<PricedOffer>(o => !o.Available && o.Reason == "The program jupyter-notebook is missing.");
    }

    [Fact]
    public async Task Estimate_IsWhatTheLaunchThenQuotesAndBills()
    {
        var request = new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-medium" };
        var estimated = ((EstimateLaunch.Outcome.Estimated)await Host.Get<EstimateLaunch>().ExecuteAsync(request, Lena, default)).Offers[0];

        var id = ((Outcome.Launched)await LaunchAsync(request)).WorkloadId;
        await Host.PumpAsync();

        estimated.Quote.HourlyPrice.Should().Be(4 * 0.031611m + 16 * 0.004237m);
        (await Host.RowAsync(id)).HourlyPrice.Should().Be(estimated.Quote.HourlyPrice);
        (await Host.LiveAsync(id)).HourlyPrice.Should().Be(estimated.Quote.HourlyPrice);
    }

    [Fact]
    public async Task JobStoreAway_LaunchIsAcceptedAndTheSweepFindsIt()
    {
        Host.Jobs.Unreachable = true;
        var id = await Host.LaunchAsync(Lena);
        Host.Jobs.Unreachable = false;
        Host.Jobs.Waiting.Should().Be(0);

        await Host.PumpAsync();

        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        Host.Jobs.All.Should().AllSatisfy(job => job.Args[0].Should().BeOfType<Guid>("job arguments hold ids only"));
    }

    [Fact]
    public async Task Secrets_AreInNoColumnInClear_AndReachTheProgram()
    {
        const string secret = "hunter2-correct-horse";
        await Host.AddItemAsync(HostCatalog.Server("with-secret") with { Parameters = [new ParameterSpec { Name = "password", Type = ParameterType.Secret }, new ParameterSpec { Name = "plain", Type = ParameterType.String }] });

        var id = await Host.LaunchRunningAsync(Lena, "with-secret", parameters: new { password = secret, plain = "visible-value" });

        var spec = Host.Target.Starts.Single();
        spec.Parameters.ByName["password"].GetString().Should().Be(secret);
        (await ColumnsWithAsync("visible-value")).Should().Equal("workloads.parameters");
        (await ColumnsWithAsync(secret)).Should().BeEmpty();
        (await ColumnsWithAsync(spec.Credential)).Should().BeEmpty();
        var detail = await Host.Get<WorkloadDetailQueries>().FindAsync(id, Lena, default);
        JsonSerializer.Serialize(detail, PortalJson.Options).Should().NotContain(secret).And.NotContain(spec.Credential);
        detail!.SecretParameters.Should().Equal("password");
        Host.Logs.Entries.Should().NotContain(e => e.Message.Contains(secret) || e.Message.Contains(spec.Credential));
    }

    /// <summary>Every column of every table that holds the text anywhere.</summary>
    private async Task<IReadOnlyList<string>> ColumnsWithAsync(string text)
    {
        var found = new List<string>();
        var columns = await Host.Database.QueryAsync<string>("select table_name || '.' || column_name from information_schema.columns where table_schema = 'public' order by 1");
        foreach (var column in columns)
        {
            var (table, name) = (column.Split('.')[0], column.Split('.')[1]);
            var hits = await Host.Database.QueryAsync<long>($"""select count(*) from "{table}" where strpos("{name}"::text, $1) > 0 or strpos("{name}"::text, $2) > 0""", text, Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text)));
            if (hits[0] > 0) found.Add(column);
        }
        columns.Should().HaveCountGreaterThan(100);
        return found;
    }
}
