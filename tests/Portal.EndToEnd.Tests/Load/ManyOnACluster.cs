using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Npgsql;
using NpgsqlTypes;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Kubernetes;

namespace Portal.EndToEnd.Tests.Load;

/// <summary>Thousands of copies of one running service, in the portal's database and on the cluster, so that the portal holds each for its own.</summary>
internal sealed class ManyOnACluster(PortalProcess portal, TestCluster cluster)
{
    private const string Allocation = "portal.internal/allocation-id", Workload = "portal.internal/workload-id";
    private const int AtOnce = 16;

    private readonly List<(Guid Workload, Guid Allocation)> _copies = [];
    private string _space = "";

    /// <summary>The copies, as they were made.</summary>
    public IReadOnlyList<(Guid Workload, Guid Allocation)> Copies => _copies;

    /// <summary>Copies a running workload so often, and waits until all pods are ready.</summary>
    public async Task MakeAsync(Guid model, int count, CancellationToken cancellationToken)
    {
        for (var number = 0; number < count; number++) _copies.Add((Guid.CreateVersion7(), Guid.CreateVersion7()));
        var sets = (await cluster.Client.AppsV1.ListStatefulSetForAllNamespacesAsync(labelSelector: $"{Workload}={model}", cancellationToken: cancellationToken)).Items;
        _space = sets.Single().Metadata.NamespaceProperty;
        await Parallel.ForEachAsync(_copies, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (copy, token) => await cluster.Client.AppsV1.CreateNamespacedStatefulSetAsync(CopyOf(sets[0], copy), _space, fieldManager: "portal", cancellationToken: token));
        while ((await cluster.Client.AppsV1.ListNamespacedStatefulSetAsync(_space, cancellationToken: cancellationToken)).Items.Count(s => s.Status?.ReadyReplicas == 1) < count + 1) await Task.Delay(1000, cancellationToken);
        await WriteRowsAsync(model, await PartsAsync(model, cancellationToken), cancellationToken);
    }

    /// <summary>Waits until the portal has seen all of them, and has nothing left to do.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var quiet = 0;
        while (quiet < 5)
        {
            var busy = await ScalarAsync($"select (select count(*) from allocations where ended_at is null and (observed_state <> 'Ready' or node is null)) + (select count(*) from hangfire.jobqueue where fetchedat is null)", cancellationToken);
            quiet = busy == 0 ? quiet + 1 : 0;
            await Task.Delay(1000, cancellationToken);
        }
    }

    /// <summary>A pod says that it is ready, or not; returns once the server has it.</summary>
    public Task SetReadyAsync(string pod, bool ready, CancellationToken cancellationToken) => cluster.Client.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch($$$"""{"status":{"conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}}""", V1Patch.PatchType.StrategicMergePatch), pod, _space, cancellationToken: cancellationToken);

    /// <summary>The pod of a copy.</summary>
    public static string PodOf((Guid Workload, Guid Allocation) copy) => $"a-{copy.Allocation}-0";

    /// <summary>Runs a statement that answers one number.</summary>
    public async Task<long> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(portal.Database.OwnerConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>What the portal would have recorded of the copies' pods, had it placed each of them: there is nothing left to do then.</summary>
    private async Task<string[]> PartsAsync(Guid model, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(portal.Database.OwnerConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select parts_json from allocations where workload_id = $1 and ended_at is null", connection) { Parameters = { new() { Value = model } } };
        var part = JsonNode.Parse((string)(await command.ExecuteScalarAsync(cancellationToken))!)!.AsArray();
        var pods = (await cluster.Client.CoreV1.ListNamespacedPodAsync(_space, cancellationToken: cancellationToken)).Items.ToDictionary(p => p.Metadata.Name);
        return [.. _copies.Select(copy =>
        {
            var pod = pods[PodOf(copy)];
            part[0]!["id"] = pod.Metadata.Uid;
            part[0]!["machine"] = pod.Spec.NodeName;
            part[0]!["since"] = JsonSerializer.SerializeToNode(new DateTimeOffset(DateTime.SpecifyKind(pod.Status.Conditions.Single(c => c.Type == "PodScheduled").LastTransitionTime!.Value, DateTimeKind.Utc)));
            return part.ToJsonString();
        })];
    }

    private async Task WriteRowsAsync(Guid model, string[] parts, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(portal.Database.OwnerConnectionString);
        await connection.OpenAsync(cancellationToken);
        foreach (var sql in new[]
        {
            """
            insert into workloads select (jsonb_populate_record(w, jsonb_build_object('id', c.workload, 'request_id', c.workload, 'name', 'copy-' || c.number, 'next_action_at', now() + interval '1 day'))).*
            from workloads w, unnest(@workloads, @allocations) with ordinality c (workload, allocation, number) where w.id = @model
            """,
            """
            insert into allocations select (jsonb_populate_record(a, jsonb_build_object('id', c.allocation, 'workload_id', c.workload, 'parts_json', c.parts))).*
            from allocations a, unnest(@workloads, @allocations, @parts) c (workload, allocation, parts) where a.workload_id = @model and a.ended_at is null
            """,
        })
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
            command.Parameters.Add(new NpgsqlParameter("workloads", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = _copies.Select(c => c.Workload).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("allocations", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { Value = _copies.Select(c => c.Allocation).ToArray() });
            command.Parameters.Add(new NpgsqlParameter("parts", NpgsqlDbType.Array | NpgsqlDbType.Text) { Value = parts });
            command.Parameters.AddWithValue("model", model);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    // Its environment and volume stay the model's: what is looked at is whose it is and how it fares.
    private static V1StatefulSet CopyOf(V1StatefulSet model, (Guid Workload, Guid Allocation) copy)
    {
        var set = KubernetesJson.Deserialize<V1StatefulSet>(KubernetesJson.Serialize(model));
        var labels = new Dictionary<string, string>(model.Metadata.Labels) { [Allocation] = copy.Allocation.ToString(), [Workload] = copy.Workload.ToString() };
        set.Metadata = new V1ObjectMeta { Name = $"a-{copy.Allocation}", Labels = labels, Annotations = model.Metadata.Annotations };
        set.Status = null;
        set.Spec.Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [Allocation] = copy.Allocation.ToString() } };
        set.Spec.Template.Metadata.Labels = labels;
        return set;
    }
}
