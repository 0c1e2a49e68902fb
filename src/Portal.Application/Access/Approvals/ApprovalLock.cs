using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Workloads;

namespace Portal.Application.Access.Approvals;

/// <summary>A request and its workload, both locked until the transaction ends.</summary>
public sealed record HeldApproval(ApprovalRequest Request, Workload? Workload)
{
    /// <summary>What open pages may show of it.</summary>
    public IEnumerable<Guid> Ids => Workload is null ? [Request.Id] : [Request.Id, Workload.Id];
}

/// <summary>Locks in one order everywhere: the workload first, then the request.</summary>
internal static class ApprovalLock
{
    public static async Task<HeldApproval?> TakeAsync(PortalDbContext db, Guid requestId, CancellationToken cancellationToken)
    {
        var known = await db.ApprovalRequests.AsNoTracking().Where(r => r.Id == requestId).Select(r => new { r.WorkloadId }).SingleOrDefaultAsync(cancellationToken);
        if (known is null) return null;
        var workload = known.WorkloadId is { } id ? await db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {id} for no key update").SingleAsync(cancellationToken) : null;
        var request = await db.ApprovalRequests.FromSql($"select r.*, r.xmin from approval_requests r where r.id = {requestId} for update").SingleAsync(cancellationToken);
        return new HeldApproval(request, workload);
    }
}
