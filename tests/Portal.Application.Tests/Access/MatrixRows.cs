using System.Text.Json;
using Portal.Application.Access;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Access.Policies;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Notifications;
using Portal.Application.Search;
using Portal.Application.Settings;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Catalog;
using Portal.Domain.Notifications;
using Portal.Domain.Settings;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;

namespace Portal.Application.Tests.Access;

/// <summary>Makes the subject of one call, calls for real, and answers what came out: an outcome, what was read, or true and false.</summary>
internal delegate Task<object?> MatrixCall(MatrixWorld world);

/// <summary>One call for every public use case and query that takes an actor, by <c>Type.Method</c>.</summary>
internal static class MatrixRows
{
    /// <summary>Public methods with an actor that decide nothing, with the reason.</summary>
    public static IReadOnlyDictionary<string, string> Exempt { get; } = new Dictionary<string, string>
    {
        ["ActorDirectory.AgainAsync"] = "answers who an actor is now, for the asking that follows",
        ["WorkloadEntrance.IssueCodeAsync"] = "is called with the answer of CheckAsync in hand; the code is worth nothing to anybody who may not open it, for each request is checked again",
    };

    public static IReadOnlyDictionary<string, MatrixCall> All { get; } = new Dictionary<string, MatrixCall>
    {
        ["LaunchWorkload.ExecuteAsync"] = async w => await w.Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny", Team = "vision", Name = w.Fresh }, w.Actor, default),
        ["EstimateLaunch.ExecuteAsync"] = async w => await w.Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny", Team = "vision" }, w.Actor, default),
        ["StartWorkload.ExecuteAsync"] = async w => await w.Host.Get<StartWorkload>().ExecuteAsync(await w.WorkloadAsync(WorkloadPhase.Stopped), w.Actor, default),
        ["StopWorkload.ExecuteAsync"] = async w => await w.Host.Get<StopWorkload>().ExecuteAsync(await w.WorkloadAsync(), w.Actor, default),
        ["RestartWorkload.ExecuteAsync"] = async w => await w.Host.Get<RestartWorkload>().ExecuteAsync(await w.WorkloadAsync(), w.Actor, default),
        ["ExtendWorkload.ExecuteAsync"] = async w => await w.Host.Get<ExtendWorkload>().ExecuteAsync(await w.WorkloadAsync(), TimeSpan.FromHours(1), w.Actor, default),
        ["KeepWorkload.ExecuteAsync"] = async w => await w.Host.Get<KeepWorkload>().ExecuteAsync(await w.WorkloadAsync(), w.Actor, default),
        ["DeleteWorkload.ExecuteAsync"] = async w => await w.Host.Get<DeleteWorkload>().ExecuteAsync(await w.WorkloadAsync(), w.Actor, default),
        ["ShareWorkload.ExecuteAsync"] = async w => await w.Host.Get<ShareWorkload>().ExecuteAsync(await w.WorkloadAsync(), WorkloadAudience.Team, [], [], w.Actor, default),
        ["MoveWorkload.ExecuteAsync"] = async w => await w.Host.Get<MoveWorkload>().ExecuteAsync(await w.WorkloadAsync(WorkloadPhase.Stopped), new MoveWish("cpu-small"), null, w.Actor, default),
        ["OfferWorkload.ExecuteAsync"] = async w => await w.Host.Get<OfferWorkload>().ExecuteAsync(await w.WorkloadAsync(), "vera@example.org", w.Actor, default),
        ["AnswerOffer.ExecuteAsync"] = async w => await w.Host.Get<AnswerOffer>().ExecuteAsync(await w.OfferAsync(), TransferState.Accepted, w.Actor, default),
        ["WorkloadEntrance.CheckAsync"] = async w => await w.Host.Get<WorkloadEntrance>().CheckAsync(await w.WorkloadAsync(), w.Actor, default),

        ["WorkloadQueries.ListAsync"] = async w => await w.WorkloadAsync() is var id && (await w.Host.Get<WorkloadQueries>().ListAsync(new WorkloadFilter { Q = w.Fresh }, w.Actor, default)).Items.Any(r => r.Id == id),
        ["WorkloadQueries.CountsAsync"] = async w => await w.WorkloadAsync() != default && (await w.Host.Get<WorkloadQueries>().CountsAsync(w.Actor, "vision", default)).All > 0,
        ["WorkloadQueries.FreeNameAsync"] = async w => await w.Host.Get<WorkloadQueries>().FreeNameAsync(HostWorkloads.Notebook, "vision", w.Actor, default),
        ["WorkloadDetailQueries.FindAsync"] = async w => await w.Host.Get<WorkloadDetailQueries>().FindAsync(await w.WorkloadAsync(), w.Actor, default),
        ["WorkloadDetailQueries.EventsAsync"] = async w => await w.Host.Get<WorkloadDetailQueries>().EventsAsync(await w.WorkloadAsync(), w.Actor, default),
        ["WorkloadDetailQueries.AllocationsAsync"] = async w => await w.Host.Get<WorkloadDetailQueries>().AllocationsAsync(await w.WorkloadAsync(), w.Actor, default),
        ["WorkloadDetailQueries.MetricsAsync"] = async w => await w.Host.Get<WorkloadDetailQueries>().MetricsAsync(await w.WorkloadAsync(), w.Actor, default),
        ["WorkloadFiles.LogTailAsync"] = async w => await w.Host.Get<WorkloadFiles>().LogTailAsync(await w.WorkloadAsync(), 10, null, w.Actor, default),
        ["WorkloadFiles.LogFromAsync"] = async w => await w.Host.Get<WorkloadFiles>().LogFromAsync(await w.WorkloadAsync(), 0, 1, w.Actor, default),
        ["WorkloadFiles.ArtifactsAsync"] = async w => await w.Host.Get<WorkloadFiles>().ArtifactsAsync(await w.WorkloadAsync(), w.Actor, default),
        ["WorkloadFiles.OpenArtifactAsync"] = async w => await w.Host.Get<WorkloadFiles>().OpenArtifactAsync(await w.WorkloadAsync(), "model.json", w.Actor, default),
        ["FinishedRuns.ForAsync"] = async w => await w.WorkloadAsync(WorkloadPhase.Succeeded, WorkloadKind.TrainingRun, HostWorkloads.Training) is var id && (await w.Host.Get<FinishedRuns>().ForAsync(new ParameterSpec { Name = "run", Type = ParameterType.Run }, w.Actor, default)).Any(r => r.Id == id),
        ["HomeQueries.ReadAsync"] = async w => await w.WorkloadAsync() is var id && (await w.Host.Get<HomeQueries>().ReadAsync(w.Actor, null, default)).Active.Any(r => r.Id == id),
        ["HomeQueries.AttentionAsync"] = async w => await w.WorkloadAsync(WorkloadPhase.Failed) is var id && (await w.Host.Get<HomeQueries>().AttentionAsync(w.Actor, default)).Any(r => r.Id == id),
        ["SearchQueries.FindAsync"] = async w => await w.WorkloadAsync() is var id && (await w.Host.Get<SearchQueries>().FindAsync(w.Fresh, w.Actor, default)).Any(h => h.Address == $"/workloads/{id}"),
        ["SavedViews.ListAsync"] = async w => await w.ViewAsync() is var id && (await w.Host.Get<SavedViews>().ListAsync(w.Actor, default)).Any(v => v.Id == id),
        ["SavedViews.SaveAsync"] = async w => await w.Host.Get<SavedViews>().SaveAsync("mine", "q=2", w.Actor, default) is null,
        ["SavedViews.RemoveAsync"] = async w =>
        {
            var id = await w.ViewAsync();
            await w.Host.Get<SavedViews>().RemoveAsync(id, w.Actor, default);
            await using var db = await w.Host.OpenAsync();
            return !db.SavedViews.Any(v => v.Id == id);
        },

        ["CostQueries.UsageAsync"] = async w => await w.Host.Get<CostQueries>().UsageAsync(await w.WorkloadAsync(), w.Actor, default),
        ["CostReportQueries.ReadAsync"] = async w => (await w.Host.Get<CostReportQueries>().ReadAsync(await CostsAsync(w), null, w.Actor, default)).Rows.Any(r => r.Cost > 0),
        ["CostReportQueries.TopAsync"] = async w => (await w.Host.Get<CostReportQueries>().TopAsync(await CostsAsync(w), 5, w.Actor, default)).Rows.Any(r => r.Cost > 0),
        ["CostReportQueries.OverviewAsync"] = async w => (await w.Host.Get<CostReportQueries>().OverviewAsync(await CostsAsync(w), 5, w.Actor, default)).Report.Rows.Any(r => r.Cost > 0),
        ["CostReportQueries.StreamAsync"] = async w => await w.Host.Get<CostReportQueries>().StreamAsync(await CostsAsync(w), w.Actor, default).AnyAsync(r => r.Cost > 0),
        ["CostReportQueries.RecordsAsync"] = async w => await w.WorkloadAsync() is var id && (await w.Host.Get<CostReportQueries>().RecordsAsync(new CostQuery { From = DateTimeOffset.UnixEpoch }, id, w.Actor, default)).Count > 0,

        ["DecideApproval.ExecuteAsync"] = async w => await w.Host.Get<DecideApproval>().ExecuteAsync(await w.RequestAsync(), Verdict.Deny, "No.", null, w.Actor, default),
        ["WithdrawApproval.ExecuteAsync"] = async w => await w.Host.Get<WithdrawApproval>().ExecuteAsync(await w.RequestAsync(), w.Actor, default),
        ["ApprovalQueries.ListAsync"] = async w => await w.RequestAsync() is var id && (await w.Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, w.Actor, default)).Any(r => r.Id == id),
        ["ApprovalQueries.CountForMeAsync"] = async w => await w.RequestAsync() != default && await w.Host.Get<ApprovalQueries>().CountForMeAsync(w.Actor, default) > 0,
        ["ApprovalQueries.FindAsync"] = async w => await w.Host.Get<ApprovalQueries>().FindAsync(await w.RequestAsync(), w.Actor, default),
        ["ApprovalQueries.OfWorkloadAsync"] = async w => await w.WorkloadAsync() is var id && await w.RequestAsync(id) != default && await w.Host.Get<ApprovalQueries>().OfWorkloadAsync(id, w.Actor, default) is not null,
        ["ApprovalQueries.SimilarAsync"] = async w =>
        {
            var (queries, old, fresh) = (w.Host.Get<ApprovalQueries>(), await w.RequestAsync(decided: true), await w.RequestAsync());
            var row = (await queries.FindAsync(fresh, await w.Host.ActorAsync(w.OwnerId), default))!;
            return (await queries.SimilarAsync(row, w.Actor, default)).Any(r => r.Id == old);
        },
        ["ApprovalQueries.TeamMonthAsync"] = async w => await w.Host.Get<ApprovalQueries>().TeamMonthAsync("vision", w.Actor, default),
        ["DecisionTimes.ReadAsync"] = async w => await w.Host.Get<DecisionTimes>().ReadAsync(90, w.Actor, default),
        ["Delegations.CreateAsync"] = async w => await w.Host.Get<Delegations>().CreateAsync("zoe@example.org", TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddHours(1), w.Actor, default),
        ["Delegations.RevokeAsync"] = async w => await w.Host.Get<Delegations>().RevokeAsync(await w.DelegationAsync(), w.Actor, default),
        ["Delegations.MineAsync"] = async w => await w.DelegationAsync() is var id && (await w.Host.Get<Delegations>().MineAsync(w.Actor, default)).Any(d => d.Id == id),

        ["PolicyQueries.ReadAsync"] = async w => await w.Host.Get<PolicyQueries>().ReadAsync(null, w.Actor, default),
        ["PolicyQueries.HistoryAsync"] = async w => (await w.Host.Get<PolicyQueries>().HistoryAsync(w.Actor, default)).Count > 0,
        ["PublishPolicies.ExecuteAsync"] = async w => await w.Host.Get<PublishPolicies>().ExecuteAsync(JsonSerializer.SerializeToElement(new { rules = Array.Empty<object>(), @default = new { effect = "allow" } }), -1, null, w.Actor, default),
        ["SimulatePolicies.ExecuteAsync"] = async w => await w.Host.Get<SimulatePolicies>().ExecuteAsync(new SimulatedRequest(HostWorkloads.Notebook, "vision"), null, w.Actor, default),
        ["GrantQueries.RestrictionsAsync"] = async w => (await w.Host.Get<GrantQueries>().RestrictionsAsync(w.Actor, default)).Any(r => r.Slug == w.RestrictedItem),
        ["GrantQueries.ListAsync"] = async w => await w.GrantAsync() is var id && (await w.Host.Get<GrantQueries>().ListAsync(false, w.Actor, default)).Any(g => g.Id == id),
        ["ManageGrants.RestrictAsync"] = async w => await w.Host.Get<ManageGrants>().RestrictAsync(RestrictedKind.Item, w.RestrictedItem, new RestrictionTerms(null, TimeSpan.FromDays(30), OnGrantEnd.Keep, TimeSpan.Zero, null), w.Actor, default),
        ["ManageGrants.OpenAsync"] = async w => await w.Host.Get<ManageGrants>().OpenAsync(RestrictedKind.Category, "notebooks", w.Actor, default) is ApprovalOutcome.NotFound or ApprovalOutcome.Done ? true : "refused",
        ["ManageGrants.GrantAsync"] = async w => await w.Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Item, w.RestrictedItem, await w.PersonAsync(), TimeSpan.FromDays(1), null, w.Actor, default),
        ["ManageGrants.RevokeAsync"] = async w => await w.Host.Get<ManageGrants>().RevokeAsync(await w.GrantAsync(), null, w.Actor, default),
        ["RequestAccess.ExecuteAsync"] = async w => await w.Host.Get<RequestAccess>().ExecuteAsync(RestrictedKind.Item, w.RestrictedItem, TimeSpan.FromDays(1), "For the pilot.", "vision", w.Actor, default),

        ["CreateUser.ExecuteAsync"] = async w => await w.Host.WithScopedAsync<CreateUser, PeopleOutcome>(u => u.ExecuteAsync($"{w.Fresh}@example.net", w.Fresh, null, [], w.Actor, default)),
        ["UpdateUser.ExecuteAsync"] = async w => await w.PersonAsync() is var email ? await w.Host.WithScopedAsync<UpdateUser, PeopleOutcome>(u => u.ExecuteAsync(email, true, null, w.Actor, default)) : null,
        ["ResetPassword.ExecuteAsync"] = async w => await w.PersonAsync() is var email ? await w.Host.WithScopedAsync<ResetPassword, PeopleOutcome>(u => u.ExecuteAsync(email, w.Actor, default)) : null,
        ["PeopleQueries.PeopleAsync"] = async w => await w.Host.Get<PeopleQueries>().PeopleAsync(w.Actor, default),
        ["PeopleQueries.TeamsAsync"] = async w => (await w.Host.Get<PeopleQueries>().TeamsAsync(w.Actor, default)).Any(t => t.Slug == "vision"),
        ["CreateTeam.ExecuteAsync"] = async w => await w.Host.Get<CreateTeam>().ExecuteAsync(w.Fresh, w.Fresh, null, w.Actor, default),
        ["SetTeamMember.ExecuteAsync"] = async w => await w.Host.Get<SetTeamMember>().ExecuteAsync("vision", await w.PersonAsync(), TeamRole.Member, w.Actor, default),
        ["RemoveTeamMember.ExecuteAsync"] = async w => await w.Host.Get<RemoveTeamMember>().ExecuteAsync("vision", await w.PersonAsync(), w.Actor, default),
        ["ResourceLimits.ListAsync"] = async w => (await w.Host.Get<ResourceLimits>().ListAsync(false, w.Actor, default)).Any(l => l.Scope == "team:vision"),
        ["ResourceLimits.SetAsync"] = async w => await w.Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None with { Workloads = 100_000 }, w.Actor, default),

        ["RequestMembership.ExecuteAsync"] = async w => await w.Host.Get<RequestMembership>().ExecuteAsync("vision", "I work with them.", w.Actor, default),
        ["JoinQueries.ReadAsync"] = async w => (await w.Host.Get<JoinQueries>().ReadAsync(w.Actor, default)).Administrators.Count > 0,
        ["TeamBudgets.ListAsync"] = async w => (await w.Host.Get<TeamBudgets>().ListAsync(w.Actor, default)).Any(b => b.Team == "vision"),
        ["TeamBudgets.FindAsync"] = async w => await w.Host.Get<TeamBudgets>().FindAsync("vision", w.Actor, default),
        ["SetBudget.ExecuteAsync"] = async w => await w.Host.Get<SetBudget>().ExecuteAsync("vision", 1000, w.Actor, default),
        ["RequestBudgetRaise.ExecuteAsync"] = async w => await w.Host.Get<RequestBudgetRaise>().ExecuteAsync("vision", 2000, "A second model.", w.Actor, default),

        ["CatalogQueries.ItemsAsync"] = async w => (await w.Host.Get<CatalogQueries>().ItemsAsync(null, null, null, null, w.Actor, default)).Any(),
        ["CatalogQueries.FindAsync"] = async w => await w.Host.Get<CatalogQueries>().FindAsync(HostWorkloads.Notebook, w.Actor, default),
        ["TargetQueries.AllAsync"] = async w => await w.Host.Get<TargetQueries>().AllAsync(w.Actor, default),
        ["PortalSettings.ListAsync"] = async w => await w.Host.Get<PortalSettings>().ListAsync(w.Actor, default),
        ["PortalSettings.ChangeAsync"] = async w => await w.Host.Get<PortalSettings>().ChangeAsync(SettingKeys.Announcement, "Hello", w.Actor, default),
        ["AuditQueries.ListAsync"] = async w => await w.Host.Get<AuditQueries>().ListAsync(new AuditFilter(), null, 10, w.Actor, default),
        ["AuditQueries.ExportAsync"] = async w => await w.Host.Get<AuditQueries>().ExportAsync(new AuditFilter(), w.Actor, default).AnyAsync(),
        ["VerifyAudit.ExecuteAsync"] = async w => await w.Host.Get<VerifyAudit>().ExecuteAsync(w.Actor, default),

        ["NotificationQueries.BellAsync"] = async w => await w.NotificationAsync() is var (id, _) && (await w.Host.Get<NotificationQueries>().BellAsync(w.Actor, default)).Newest.Any(n => n.Id == id),
        ["NotificationQueries.ListAsync"] = async w => await w.NotificationAsync() is var (id, _) && (await w.Host.Get<NotificationQueries>().ListAsync(true, 1, 50, w.Actor, default)).Items.Any(n => n.Id == id),
        ["NotificationQueries.WaysAsync"] = async w => await w.Host.Get<NotificationQueries>().WaysAsync(w.Actor, default),
        ["NotificationQueries.MyFailuresAsync"] = async w => await w.NotificationAsync() is var (_, id) && (await w.Host.Get<NotificationQueries>().MyFailuresAsync(w.Actor, default)).Any(d => d.Id == id),
        ["NotificationQueries.DeliveriesAsync"] = async w => await w.Host.Get<NotificationQueries>().DeliveriesAsync(null, 1, 10, w.Actor, default),
        ["MarkNotificationsRead.ExecuteAsync"] = async w => await w.NotificationAsync() is var (id, _) && await w.Host.Get<MarkNotificationsRead>().ExecuteAsync([id], null, w.Actor, default) > 0,
        ["ChooseNotifications.ExecuteAsync"] = async w => await w.Host.Get<ChooseNotifications>().ExecuteAsync([new Choice(NotificationKind.Ownership, true, true, false)], w.Actor, default),
        ["SetWebhook.ExecuteAsync"] = async w => await w.Host.Get<SetWebhook>().ExecuteAsync("https://hooks.example.org/x", false, w.Actor, default),
        ["RemoveWebhook.ExecuteAsync"] = async w => await w.Host.Get<RemoveWebhook>().ExecuteAsync(w.Actor, default),
        ["SendTestNotification.ExecuteAsync"] = async w => await w.Host.Get<SendTestNotification>().ExecuteAsync(NotificationChannel.Email, w.Actor, default),
        ["RetryDelivery.ExecuteAsync"] = async w => await w.NotificationAsync() is var (_, id) ? await w.Host.Get<RetryDelivery>().ExecuteAsync(id, w.Actor, default) : null,

        ["CreateToken.ExecuteAsync"] = async w => await w.Host.Get<CreateToken>().ExecuteAsync(w.Fresh, ["read"], null, w.Actor, default),
        ["RevokeToken.ExecuteAsync"] = async w => await w.Host.Get<RevokeToken>().ExecuteAsync(await w.TokenAsync(), w.Actor, default),
        ["TokenQueries.ListAsync"] = async w => await w.TokenAsync() is var id && (await w.Host.Get<TokenQueries>().ListAsync(w.Actor, default)).Any(t => t.Id == id),
        ["SignInQueries.MineAsync"] = async w => await w.Host.Get<SignInQueries>().MineAsync(w.Actor, default),
        ["ChangeOwnPassword.ExecuteAsync"] = async w => await w.Host.WithScopedAsync<ChangeOwnPassword, ChangeOwnPassword.Outcome>(u => u.ExecuteAsync("same", "same", w.Actor, default)),
    };

    private static async Task<CostQuery> CostsAsync(MatrixWorld w) => new()
    {
        From = DateTimeOffset.UnixEpoch, GroupBy = [CostDimension.Parse("workload")!], Filters = [new CostFilter(CostDimension.Parse("workload")!, [(await w.WorkloadAsync()).ToString()])],
    };
}
