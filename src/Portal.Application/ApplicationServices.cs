using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Access;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Access.Policies;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Audit;
using Portal.Application.Catalog;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Hosting;
using Portal.Application.Notifications;
using Portal.Application.Search;
using Portal.Application.Settings;
using Portal.Application.Teams;
using Portal.Application.Telemetry;
using Portal.Application.Workloads;

namespace Portal.Application;

/// <summary>Registers use cases and queries. Database, targets, Hangfire's client, Identity, Data Protection and options come from the host.</summary>
public static class ApplicationServices
{
    public static IServiceCollection AddPortalApplication(this IServiceCollection services)
    {
        services.AddSingleton<FaultPoints>().AddSingleton<WorkloadChangeFeed>().AddSingleton<ComputeTargets>().AddSingleton<PublishedItems>().AddSingleton<WorkloadSecrets>()
            .AddSingleton<ReconcileRequests>().AddSingleton<LeaderElection>().AddSingleton<CurrentPrices>().AddSingleton<UsagePosting>().AddSingleton<PartMetering>().AddSingleton<CostQueries>().AddSingleton<CostReportQueries>()
            .AddSingleton<Placements>().AddSingleton<LaunchTermsReader>().AddSingleton<FinishedRuns>().AddSingleton<EstimateLaunch>().AddSingleton<LaunchWorkload>().AddSingleton<ChangeWorkload>()
            .AddSingleton<StopWorkload>().AddSingleton<StartWorkload>().AddSingleton<RestartWorkload>().AddSingleton<ExtendWorkload>().AddSingleton<KeepWorkload>().AddSingleton<DeleteWorkload>().AddSingleton<ShareWorkload>().AddSingleton<HandOver>().AddSingleton<OfferWorkload>().AddSingleton<MoveWorkload>().AddSingleton<AnswerOffer>().AddSingleton<WatchOwners>()
            .AddSingleton<LogIngestion>().AddSingleton<ReconcileWorkload>().AddSingleton<ObserveTarget>().AddSingleton<WatchActivity>().AddSingleton<RecordUse>().AddSingleton<PortalSettings>()
            .AddSingleton<WorkloadQueries>().AddSingleton<WorkloadDetailQueries>().AddSingleton<WorkloadFiles>().AddSingleton<HomeQueries>().AddSingleton<CatalogQueries>().AddSingleton<ImportCatalog>()
            .AddSingleton<ActorDirectory>().AddSingleton<BrowserSessions>().AddSingleton<NoteSession>().AddSingleton<CreateToken>().AddSingleton<RevokeToken>().AddSingleton<TokenQueries>().AddSingleton<WorkloadEntrance>()
            .AddSingleton<CreateTeam>().AddSingleton<SetTeamMember>().AddSingleton<RemoveTeamMember>().AddSingleton<PeopleQueries>().AddSingleton<TargetQueries>().AddSingleton<LaunchMeasures>().AddSingleton<PortalMeters>().AddSingleton<PortalFigures>().AddSingleton<FigureText>().AddSingleton<SavedViews>().AddSingleton<SearchQueries>();
        services.AddSingleton<ResourceLimits>().AddSingleton<TeamBudgets>().AddSingleton<SetBudget>().AddSingleton<RequestBudgetRaise>().AddSingleton<SealAudit>().AddSingleton<VerifyAudit>().AddSingleton<AuditQueries>();
        services.AddSingleton<PolicyBook>().AddSingleton<PublishPolicies>().AddSingleton<SimulatePolicies>().AddSingleton<PolicyQueries>().AddSingleton<LaunchPolicy>().AddSingleton<ApprovalEffects>().AddSingleton<DecideApproval>()
            .AddSingleton<WithdrawApproval>().AddSingleton<ExpireApprovals>().AddSingleton<ApprovalQueries>().AddSingleton<DecisionTimes>().AddSingleton<Delegations>().AddSingleton<AccessRights>().AddSingleton<RequestAccess>().AddSingleton<ManageGrants>().AddSingleton<EnforceGrants>().AddSingleton<GrantQueries>().AddSingleton<CurrentQuotes>().AddSingleton<ReturnToQueue>();
        services.AddSingleton<SignInQueries>().AddSingleton<RequestMembership>().AddSingleton<JoinQueries>();
        services.AddSingleton<NotificationQueries>().AddSingleton<MarkNotificationsRead>().AddSingleton<ChooseNotifications>().AddSingleton<WebhookSecrets>().AddSingleton<MailPost>().AddSingleton<WebhookPost>().AddSingleton<SetWebhook>()
            .AddSingleton<RemoveWebhook>().AddSingleton<SendTestNotification>().AddSingleton<DeliverNotifications>().AddSingleton<RetryDelivery>().AddSingleton<WarnOfEnds>();
        // These use Identity's scoped UserManager.
        services.AddScoped<CreateUser>().AddScoped<UpdateUser>().AddScoped<ChangeOwnPassword>().AddScoped<ResetPassword>().AddScoped<ProviderGroups>().AddScoped<SignInFromProvider>();
        return services;
    }

    /// <summary>The parts that act: for hosts that run as worker.</summary>
    public static IServiceCollection AddPortalWorker(this IServiceCollection services) =>
        services.AddSingleton<DueWorkloads>().AddHostedService(provider => provider.GetRequiredService<DueWorkloads>()).AddHostedService<TargetObserver>().AddHostedService<AuditSealer>().AddHostedService<NotificationPost>();
}
