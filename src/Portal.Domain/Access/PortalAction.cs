namespace Portal.Domain.Access;

/// <summary>Everything that somebody may or may not do here. <see cref="Permissions"/> says who; the file <c>README.md</c> beside it says it as a table.</summary>
public enum PortalAction
{
    /// <summary>Be here at all: catalog, own things, the lists of what one may see.</summary>
    Read,
    /// <summary>Ask what a launch would cost.</summary>
    EstimateLaunch,
    /// <summary>See every team's workloads, costs, limits and people.</summary>
    ReadEverything,

    /// <summary>Launch; about a team: in its name.</summary>
    LaunchWorkload,
    /// <summary>Know that it exists; its page, logs, metrics, artifacts and costs.</summary>
    ReadWorkload,
    /// <summary>Enter its program.</summary>
    OpenWorkload,
    /// <summary>Start, stop, restart, extend and keep it.</summary>
    OperateWorkload,
    /// <summary>Anything else that changes it.</summary>
    ChangeWorkload,
    DeleteWorkload,
    /// <summary>Say who may open and operate it.</summary>
    ShareWorkload,
    /// <summary>Give it to another owner.</summary>
    TransferWorkload,
    /// <summary>Accept or decline a workload that was offered.</summary>
    AnswerOffer,
    /// <summary>Put it onto other hardware or another target.</summary>
    MoveWorkload,

    /// <summary>See a request for approval.</summary>
    ReadRequest,
    /// <summary>Be among those whose answer a request waits for, whatever their token may do.</summary>
    BeAsked,
    /// <summary>Answer a request; about the portal: any at all.</summary>
    DecideRequest,
    /// <summary>Take back a request; about the portal: any at all.</summary>
    WithdrawRequest,
    /// <summary>See how long people wait for answers: of all, or of the teams one leads.</summary>
    ReadDecisionTimes,
    /// <summary>Let somebody else decide in one's place.</summary>
    Delegate,

    /// <summary>Ask to become a member of a team.</summary>
    AskMembership,
    /// <summary>Ask for the use of something restricted.</summary>
    AskAccess,
    /// <summary>Restrict an item, a category or a hardware profile, and open it again.</summary>
    Restrict,
    /// <summary>See every grant.</summary>
    ReadAllGrants,
    GiveGrant,
    RevokeGrant,

    /// <summary>Read policies and try them.</summary>
    ReadPolicies,
    PublishPolicies,
    SetLimits,
    SetBudget,
    /// <summary>Ask for more budget for one's team.</summary>
    AskBudget,
    ReadSettings,
    ChangeSettings,

    /// <summary>See everybody with roles and teams.</summary>
    ReadPeople,
    /// <summary>Make, change and disable people.</summary>
    ManagePeople,
    CreateTeam,
    /// <summary>See a team and its people.</summary>
    ReadTeam,
    /// <summary>Put people into a team and take them out.</summary>
    ManageMembers,
    /// <summary>See what a team spends.</summary>
    ReadTeamCosts,

    ReadTargets,
    /// <summary>See the job queue's own pages, and act there.</summary>
    ManageJobs,
    /// <summary>Read, verify and export the trail.</summary>
    ReadAudit,

    /// <summary>Choose how one is told, and where one's webhook goes.</summary>
    ChooseNotifications,
    /// <summary>See what could not be delivered to anybody, and have it tried again.</summary>
    ManageDeliveries,

    /// <summary>See and end one's access tokens.</summary>
    ManageTokens,
    /// <summary>Make an access token with some scopes.</summary>
    CreateToken,
    /// <summary>Change one's own password, saved views and the like.</summary>
    ManageAccount,
}
