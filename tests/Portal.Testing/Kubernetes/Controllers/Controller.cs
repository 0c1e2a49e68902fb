using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>One loop of the cluster's: looks at changes, brings one object at a time to where it should be.</summary>
internal abstract class Controller(ClusterCore core)
{
    protected ClusterCore Core { get; } = core;

    protected ObjectStore Store => Core.Store;

    /// <summary>What has to be looked at after a change. Called under the store's gate: must be quick and only read.</summary>
    public abstract IEnumerable<ObjectKey> Concerns(StoredChange change);

    /// <summary>Brings one object on; the time after which it must be looked at again, or null.</summary>
    public abstract TimeSpan? Reconcile(ObjectKey key);

    /// <summary>The owner of a kind that an object names as its controller.</summary>
    protected static IEnumerable<ObjectKey> ControllerOf(StoredObject item, ResourceType owner)
    {
        foreach (var reference in item.Owners)
        {
            if (Json.JsonReading.Text(reference, "kind") == owner.Kind && Json.JsonReading.Flag(reference, "controller") == true)
                yield return new ObjectKey(owner.GroupResource, item.Namespace, Json.JsonReading.Text(reference, "name")!);
        }
    }
}
