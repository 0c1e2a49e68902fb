using Portal.Domain.Workloads;

namespace Portal.Domain.Access;

/// <summary>What an action is about: as much of it as <see cref="Permissions"/> needs to know.</summary>
public abstract record Subject
{
    private Subject() { }

    /// <summary>The portal as a whole.</summary>
    public static Subject Portal { get; } = new Whole();

    /// <summary>The portal as a whole.</summary>
    public sealed record Whole : Subject;

    /// <summary>A team.</summary>
    public sealed record Team(Guid TeamId) : Subject
    {
        /// <summary>The actor's team of that name; for a name that is not one of theirs, a team they are not in.</summary>
        public static Team Named(Actor actor, string? slug) => new(actor.Teams.FirstOrDefault(t => t.Slug == slug)?.Id ?? Guid.Empty);
    }

    /// <summary>A workload.</summary>
    /// <param name="Share">What it was shared with the actor by name for; null: it was not.</param>
    public sealed record OfWorkload(Guid OwnerId, Guid TeamId, WorkloadAudience Audience, ShareLevel? Share) : Subject
    {
        /// <summary>The workload as it is now.</summary>
        public static OfWorkload Of(Workload workload, ShareLevel? share) => new(workload.OwnerId, workload.TeamId, workload.Audience, share);
    }

    /// <summary>A workload offered to somebody.</summary>
    public sealed record OfOffer(OfWorkload Workload, Guid ToUserId) : Subject;

    /// <summary>Something that belongs to one person: their account, their tokens.</summary>
    public sealed record OfPerson(Guid UserId) : Subject;

    /// <summary>An access token of a person.</summary>
    public sealed record Token(Guid UserId, IReadOnlyCollection<string> Scopes) : Subject;

    /// <summary>A request for approval.</summary>
    /// <param name="IsAsked">The actor, or somebody they stand in for, may answer the step it is at.</param>
    /// <param name="IsInvolved">The actor, or somebody they stand in for, is asked at some step, or has answered.</param>
    /// <param name="Deciders">Who decides now, in words.</param>
    public sealed record Request(Guid RequesterId, Guid TeamId, bool IsAsked, bool IsInvolved, string Deciders) : Subject;

    /// <summary>Something that may be restricted.</summary>
    /// <param name="OwnerTeamId">The team that supports the item; null: nobody but administrators answers for it.</param>
    public sealed record Restricted(Guid? OwnerTeamId) : Subject;

    /// <summary>A grant to a person or a team.</summary>
    /// <param name="OwnerTeamId">As of <see cref="Restricted"/>.</param>
    public sealed record Grant(Guid? UserId, Guid? TeamId, Guid? OwnerTeamId) : Subject;
}
