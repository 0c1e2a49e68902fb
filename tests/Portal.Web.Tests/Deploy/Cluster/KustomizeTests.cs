using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Xunit;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>The kustomize base is the chart with its defaults.</summary>
public sealed partial class KustomizeTests
{
    [Fact]
    public async Task Base_IsTheChart_ObjectByObject()
    {
        var chart = (await PortalChart.RenderAsync()).Select(Plain).ToDictionary(o => o.Key());
        var made = (await BuildAsync("deploy/k8s")).Select(Plain).ToDictionary(o => o.Key());
        made.Keys.Should().BeEquivalentTo(chart.Keys);
        foreach (var (key, item) in made) Sorted(item).Should().Be(Sorted(chart[key]), key);
    }

    [Fact]
    public async Task Example_ChangesImageHostsAndSettings_AndNothingElse()
    {
        var made = await BuildAsync("deploy/k8s-example");
        made.Should().HaveCount((await BuildAsync("deploy/k8s")).Count);
        made.Select(o => o.Pod()).OfType<JsonObject>().Select(p => (string)p["containers"]![0]!["image"]!).Should().HaveCount(3).And.OnlyContain(image => image == "registry.example.com/ml/portal:2");
        string.Join('\n', made.Select(o => o.ToJsonString())).Should().NotContain("portal.example.org").And.NotContain("*.apps.example.net").And.NotContain("{workload}.apps.example.net");
        made.Single(o => o.Kind() == "ConfigMap")["data"]!.AsObject().Should().Contain(d => d.Key == "Portal__Url" && d.Value!.ToString() == "https://ml.example.com").And.Contain(d => d.Key == "Local__Enabled" && d.Value!.ToString() == "false");
    }

    private static async Task<IReadOnlyList<JsonObject>> BuildAsync(string folder) => Manifest.Read((await InstallTools.KubectlAsync("kustomize", folder)).Succeeded);

    /// <summary>Without what Helm writes about itself, and without what makes new pods of new settings: an annotation there, the map's name here.</summary>
    private static JsonObject Plain(JsonObject item)
    {
        item = JsonNode.Parse(SettingsName().Replace(item.ToJsonString(), "\"portal-settings\""))!.AsObject();
        foreach (var metadata in new[] { item["metadata"], item["spec"]?["template"]?["metadata"] }.OfType<JsonObject>())
        {
            foreach (var name in new[] { "app.kubernetes.io/managed-by", "helm.sh/chart" }) (metadata["labels"] as JsonObject)?.Remove(name);
            foreach (var name in new[] { "helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy", "checksum/settings" }) (metadata["annotations"] as JsonObject)?.Remove(name);
            foreach (var name in new[] { "labels", "annotations" })
                if (metadata[name] is JsonObject { Count: 0 } || (name == "labels" && item.Kind() is "ConfigMap" or "ClusterRole")) metadata.Remove(name);
        }
        return item;
    }

    private static string Sorted(JsonNode? node) => node switch
    {
        JsonObject map => $"{{{string.Join(",", map.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{Sorted(m.Value)}"))}}}",
        JsonArray list => $"[{string.Join(",", list.Select(Sorted))}]",
        _ => node?.ToJsonString() ?? "null",
    };

    [GeneratedRegex("\"portal-settings-[a-z0-9]+\"")]
    private static partial Regex SettingsName();
}
