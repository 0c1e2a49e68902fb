namespace Portal.Application.Hosting;

/// <summary>What has been enqueued and waits for a worker of any process of the portal.</summary>
public interface IReconcileBacklog
{
    /// <summary>Reconciles that no worker has begun.</summary>
    long Waiting { get; }
}
