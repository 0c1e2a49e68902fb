using System.Text.Json;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Catalog.Files;

/// <summary>Builds an <see cref="ItemSpec"/> from a document that may still be wrong: what was refused is left at its default.</summary>
internal static class ItemMapper
{
    public static ItemSpec Map(Node root)
    {
        var plain = new ItemSpec { Slug = "", Name = "", Kind = default, Category = "", Summary = "", Version = "", Hardware = [], Deployments = [] };
        return plain with
        {
            Slug = root.Get("slug").Text(""),
            Name = root.Get("name").Text(""),
            Kind = Enum.TryParse<WorkloadKind>(root.Get("type").Text(), out var kind) ? kind : default,
            Category = root.Get("category").Text(""),
            Summary = root.Get("summary").Text(""),
            Description = root.Get("description").Text(""),
            Icon = root.Get("icon").Text(plain.Icon),
            Owner = root.Get("owner").Text(plain.Owner),
            Tags = root.Get("tags").Texts(),
            DataClass = root.Get("dataClass").Text(plain.DataClass),
            Version = root.Get("version").Text(""),
            Notes = root.Get("notes").Text(""),
            Parameters = [.. root.Get("parameters").Items().Select(MapParameter)],
            Hardware = root.Get("hardware").Texts(),
            Defaults = MapDefaults(root.Get("defaults")),
            Ports = [.. root.Get("ports").Items().Select(MapPort)],
            Storage = [.. root.Get("storage").Items().Select(MapStorage)],
            Retry = MapRetry(root.Get("retry")),
            Checkpoint = MapCheckpoint(root.Get("checkpoint")),
            Activity = MapActivity(root.Get("activity")),
            Environment = ByName(root.Get("environment").Entries(), v => v.Text("")),
            Files = ByName(root.Get("files").Entries(), MapFile),
            EnvironmentFrom = root.Get("environmentFrom").Texts(),
            Deployments = [.. root.Get("deployments").Entries().Where(e => e.Value is MapNode && CatalogShapes.Targets.Contains(e.Key.Text)).Select(MapDeployment)],
        };
    }

    /// <summary>A default as JSON in the parameter's form. Only plain scalars can be numbers and flags; for text any scalar is taken as it is written.</summary>
    public static JsonElement? ToJson(Node node, ParameterType type) => (type, node) switch
    {
        (ParameterType.Integer or ParameterType.Number, ScalarNode { Plain: true } scalar) when ShapeCheck.TryNumber(scalar, out var number) => JsonSerializer.SerializeToElement(number),
        (ParameterType.Boolean, ScalarNode { Plain: true, Text: "true" }) => JsonSerializer.SerializeToElement(true),
        (ParameterType.Boolean, ScalarNode { Plain: true, Text: "false" }) => JsonSerializer.SerializeToElement(false),
        (_, ScalarNode { IsNull: true }) => JsonSerializer.SerializeToElement<string?>(null),
        (_, ScalarNode scalar) => JsonSerializer.SerializeToElement(scalar.Text),
        (_, ListNode list) => JsonSerializer.SerializeToElement(list.Items.Select(i => ToJson(i, ParameterType.String)).ToList()),
        (_, MapNode map) => JsonSerializer.SerializeToElement(map.Entries.ToDictionary(e => e.Key.Text, e => ToJson(e.Value, ParameterType.String))),
        _ => null,
    };

    private static ParameterSpec MapParameter(Node node)
    {
        var type = TypeOf(node) ?? ParameterType.String;
        var constraints = node.Get("constraints");
        return new ParameterSpec
        {
            Name = node.Get("name").Text(""),
            Type = type,
            Label = node.Get("label").Text(),
            Help = node.Get("help").Text(),
            DefaultJson = node.Get("default") is { } value && !value.IsNull() ? ToJson(value, type)?.GetRawText() : null,
            Required = node.Get("default") is null,
            Group = node.Get("group").Text(),
            UserFacing = node.Get("userFacing").Flag(true),
            Constraints = new ParameterConstraints
            {
                Min = Bound(constraints.Get("min"), type),
                Max = Bound(constraints.Get("max"), type),
                MinLength = constraints.Get("minLength").Whole(),
                MaxLength = constraints.Get("maxLength").Whole(),
                Pattern = constraints.Get("pattern").Text(),
                Values = constraints.Get("values") is ListNode values ? values.Texts() : null,
                MinItems = constraints.Get("minItems").Whole(),
                MaxItems = constraints.Get("maxItems").Whole(),
                Items = constraints.Get("items") is ListNode items ? items.Texts() : null,
            },
        };
    }

    private static ParameterType? TypeOf(Node node)
    {
        var word = node.Get("type").Text();
        return Enum.GetValues<ParameterType>().Where(t => ParameterWords.Word(t) == word).Cast<ParameterType?>().FirstOrDefault();
    }

    private static decimal? Bound(Node? node, ParameterType type) => type == ParameterType.Duration ? (decimal?)node.Duration()?.TotalSeconds : node.Number();

    private static ItemDefaults MapDefaults(Node? node)
    {
        var plain = new ItemDefaults();
        return new ItemDefaults
        {
            Lifetime = node.Get("lifetime") is null ? plain.Lifetime : node.Get("lifetime").Duration(),
            IdleTimeout = node.Get("idleTimeout").Duration(),
            Capacity = CapacityTypes.TryParse(node.Get("capacity").Text(), out var capacity) ? capacity : null,
        };
    }

    private static PortSpec MapPort(Node node)
    {
        var plain = new PortSpec();
        return new PortSpec
        {
            Name = node.Get("name").Text(plain.Name),
            Auth = node.Get("auth").Text(plain.Auth),
            Root = node.Get("root").Flag(false),
            ContainerPort = node.Get("containerPort").Text(),
            Ready = new ReadySpec
            {
                Path = node.Get("ready").Get("path").Text(plain.Ready.Path),
                Timeout = node.Get("ready").Get("timeout").Duration() ?? plain.Ready.Timeout,
            },
        };
    }

    private static RetrySpec MapRetry(Node? node)
    {
        var plain = new RetrySpec();
        return new RetrySpec
        {
            On = node.Get("on") is ListNode on ? on.Texts() : plain.On,
            Attempts = node.Get("attempts").Whole() ?? plain.Attempts,
            Backoff = node.Get("backoff").Duration() ?? plain.Backoff,
        };
    }

    private static CheckpointSpec MapCheckpoint(Node? node)
    {
        var plain = new CheckpointSpec();
        return new CheckpointSpec
        {
            Signal = node.Get("signal").Text(plain.Signal),
            Command = node.Get("command") is ListNode command ? command.Texts() : null,
            Grace = node.Get("grace").Duration() ?? plain.Grace,
        };
    }

    private static ActivitySpec MapActivity(Node? node) => new()
    {
        Probe = node.Get("probe").Text("none"),
        Rules = [.. node.Get("rules").Items().Select(r => new IdleRule(r.Get("idleFor").Duration() ?? default, r.Get("minRunning").Duration() ?? TimeSpan.Zero, r.Get("then").Text("stop")))],
    };

    private static StorageSpec MapStorage(Node node)
    {
        var size = node.Get("sizeGiB");
        return new StorageSpec(node.Get("name").Text(""), size.Whole() ?? 1, node.Get("keep").Flag(false)) { SizeParameter = size is MapNode map ? map["parameter"].Text("") : null, MountPath = node.Get("mountPath").Text() };
    }

    private static FileSource MapFile(Node node) => node is MapNode map ? new FileSource(null, map["parameter"].Text("")) : new FileSource(node.Text(""), null);

    private static DeploymentSpec MapDeployment(MapEntry entry) => new()
    {
        Target = entry.Key.Text,
        Requires = entry.Value.Get("requires").Texts(),
        Image = entry.Value.Get("image").Text(),
        Command = entry.Value.Get("command").Texts(),
        Args = entry.Value.Get("args").Texts(),
        WorkingDir = entry.Value.Get("workingDir").Text(),
        Environment = ByName(entry.Value.Get("environment").Entries(), v => v.Text("")),
        ReadOnlyRoot = entry.Value.Get("readOnlyRoot").Flag(false),
        Groups = [.. entry.Value.Get("groups").Items().Select(g => g.Whole() ?? 0)],
        Engine = Enum.TryParse<ClusterEngine>(entry.Value.Get("engine").Text(), ignoreCase: true, out var engine) ? engine : null,
        Replicas = entry.Value.Get("replicas") is MapNode replicas ? new ReplicaSpec(replicas["least"].Text(""), replicas["most"].Text(""), replicas.Get("cpuPercent").Whole() ?? 70) : null,
    };

    private static Dictionary<string, T> ByName<T>(IReadOnlyList<MapEntry> entries, Func<Node, T> value) => entries.ToDictionary(e => e.Key.Text, e => value(e.Value), StringComparer.Ordinal);
}
