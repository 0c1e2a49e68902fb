using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Audit;

namespace Portal.Application.Audit;

internal static class AuditTrail
{
    /// <summary>Adds an entry to the transaction of the change. The detail must hold no secrets.</summary>
    public static void Audit(this PortalDbContext db, Actor? actor, DateTimeOffset at, string action, string subjectKind, string subjectId, string subjectName, object? detail = null, string? reason = null, string? source = null) =>
        db.AuditEntries.Add(new AuditEntry
        {
            Id = Guid.CreateVersion7(at),
            At = at,
            ActorKind = actor is null ? "portal" : actor.ByToken ? "token" : "person",
            ActorId = actor?.UserId,
            ActorName = actor?.Email ?? "portal",
            Action = action,
            SubjectKind = subjectKind,
            SubjectId = subjectId,
            SubjectName = subjectName,
            Detail = detail is null ? null : PortalJson.Write(detail),
            Reason = string.IsNullOrWhiteSpace(reason) ? null : reason,
            Source = actor?.Source ?? source,
        });
}
