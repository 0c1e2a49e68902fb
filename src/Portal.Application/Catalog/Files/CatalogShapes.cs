using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>The forms of the three kinds of catalog files.</summary>
internal static class CatalogShapes
{
    public static readonly IReadOnlyList<string> Targets = ["local", "kubernetes", "ec2"];

    /// <summary>A name in addresses, labels and folders; 63 because it becomes a label.</summary>
    private static readonly TextShape Slug = new("[a-z][a-z0-9]*(-[a-z0-9]+)*", "lower-case letters, digits and single hyphens, beginning with a letter, at most 63 characters", 1, 63);

    private static readonly TextShape Line = new("[^\\r\\n]*", "one line of 1 to 200 characters", 1, 200);
    private static readonly TextShape Prose = new(Max: 20_000);
    private static readonly WordShape Icon = new(CatalogIcons.Names);
    private static readonly TextShape ParameterName = new("[a-z][A-Za-z0-9_-]*", "a lower-case letter followed by letters, digits, _ or -, at most 63 characters", 1, 63);
    private static readonly TextShape Element = new(Max: ParameterValidation.MaxElementBytes);
    private static readonly DurationShape Wait = new(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    private static readonly ListShape Command = new(Element, 1);

    public static readonly Shape Categories = new ListShape(new ObjectShape(
        new("slug", Slug, "Name in addresses; also the folder of its items.", true),
        new("name", Line, "Name people see.", true),
        new("purpose", Line, "One line: what people come here for.", true),
        new("icon", Icon, "A name from the portal's icon set.", true),
        new("order", new WholeShape(0, 10_000), "Position among the categories.", true)), 1);

    public static readonly Shape Hardware = new ListShape(new ObjectShape(
        new("slug", Slug, "Name in addresses and item files.", true),
        new("name", Line, "Name people see.", true),
        new("vcpu", new NumberShape(0.01m, 10_000), "Virtual CPUs; fractions allowed.", true),
        new("memoryGiB", new NumberShape(0.03125m, 100_000), "Memory in GiB.", true),
        new("gpu", new ObjectShape(
            new("kind", Line, "GPU model, such as T4.", true),
            new("count", new WholeShape(1, 1000), "How many.", true),
            new("memoryGiB", new NumberShape(1, 10_000), "Memory of each in GiB.", true))
        { Nullable = true }, "GPUs; left out when there are none."),
        new("diskGiB", new WholeShape(1, 100_000), "Disk in GiB."),
        new("restricted", new FlagShape(), "True: needs an access grant.")), 1);

    public static readonly ObjectShape Parameter = new(
        new("name", ParameterName, "Used in templates as parameters.NAME.", true),
        new("type", new WordShape([.. Enum.GetValues<ParameterType>().Select(ParameterWords.Word)]), "Type of the value.", true),
        new("label", Line, "Heading in the form; the name when left out."),
        new("help", Prose, "What to enter and why."),
        new("default", new AnyShape(), "Value when none is given. Left out: the parameter is required. null: it may stay empty."),
        new("constraints", new ObjectShape(
            new("min", new BoundShape(), "Smallest number or shortest duration."),
            new("max", new BoundShape(), "Largest number or longest duration."),
            new("minLength", new WholeShape(0, ParameterValidation.MaxTextLength), "Fewest characters."),
            new("maxLength", new WholeShape(0, ParameterValidation.MaxTextLength), "Most characters."),
            new("pattern", new TextShape(null, null, 1, 1000), "Regular expression the whole value must match; no lookarounds or back-references."),
            new("values", new ListShape(new TextShape(null, null, 1, 200), 1), "The choices of an enum."),
            new("minItems", new WholeShape(0, 10_000), "Fewest elements or entries."),
            new("maxItems", new WholeShape(0, 10_000), "Most elements or entries."),
            new("items", new ListShape(Slug, 1, 50), "Items that a run may have been launched from.")), "What a value must satisfy."),
        new("group", Line, "Heading under which the form shows it."),
        new("userFacing", new FlagShape(), "False: fixed by the item and not shown in the form."));

    public static readonly ObjectShape Item = new(
        new("apiVersion", new WordShape("portal/v1"), "Form of this file.", true),
        new("kind", new WordShape("CatalogItem"), "What this file is.", true),
        new("slug", Slug, "Name in addresses; the file is named after it.", true),
        new("name", Line, "Name people see.", true),
        new("type", new WordShape([.. Enum.GetNames<Portal.Domain.Workloads.WorkloadKind>()]), "What kind of thing it launches.", true),
        new("category", Slug, "Slug of its category, and the folder the file is in.", true),
        new("summary", Line, "One line for cards.", true),
        new("description", Prose, "Markdown: what it is, how to use it, what survives, what it costs."),
        new("icon", Icon, "A name from the portal's icon set."),
        new("owner", Slug, "Slug of the team that supports it."),
        new("tags", new ListShape(Slug, 0, 50), "Words to find it by."),
        new("dataClass", new WordShape("public", "internal", "restricted"), "The most sensitive data it may be used with."),
        new("version", new TextShape("(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?", "a version such as 1.0.0", 1, 64), "Version of the item; never published twice with another content.", true),
        new("notes", Prose, "What changed in this version."),
        new("parameters", new ListShape(Parameter, 0, 100), "Inputs."),
        new("hardware", new ListShape(Slug, 1, 100), "Allowed hardware profiles; the first is the default.", true),
        new("defaults", new ObjectShape(
            new("lifetime", new DurationShape(TimeSpan.FromMinutes(1), IsoDuration.Longest) { Nullable = true }, "Hard end after the first start; null: none."),
            new("idleTimeout", new DurationShape(TimeSpan.FromMinutes(1), IsoDuration.Longest) { Nullable = true }, "Stop after so long without activity; null: never."),
            new("capacity", new WordShape("on-demand", "spot", "spot-with-fallback") { Nullable = true }, "How capacity is bought.")), "What applies when the person says nothing else."),
        new("ports", new ListShape(Port, 0, 20), "What it listens on; the first is the one that Open opens."),
        new("storage", new ListShape(new ObjectShape(
            new("name", Slug, "Name of the folder.", true),
            new("sizeGiB", new WholeOrObjectShape(new WholeShape(1, 100_000), new ObjectShape(new Field("parameter", ParameterName, "The integer parameter that says the size in GiB.", true))), "Size in GiB.", true),
            new("keep", new FlagShape(), "True: survives stop and start."),
            new("mountPath", new TextShape(null, null, 1, 500), "Where a container sees the folder; templates allowed. Left out, or empty once rendered: the portal's place for it, which PORTAL_STORAGE_NAME always says.")), 0, 20), "Folders of the workload."),
        new("retry", new ObjectShape(
            new("on", new ListShape(new WordShape("interruption", "noCapacity", "error"), 0, 3), "What is tried again."),
            new("attempts", new WholeShape(1, 100), "Attempts in all when it ends by an error; interruptions do not count."),
            new("backoff", new DurationShape(TimeSpan.Zero, TimeSpan.FromHours(1)), "Wait before the next attempt.")), "When a failed attempt is tried again."),
        new("checkpoint", new ObjectShape(
            new("signal", new WordShape("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP"), "Sent when the program should save and end."),
            new("command", Command, "Run instead of sending the signal."),
            new("grace", new DurationShape(TimeSpan.Zero, TimeSpan.FromHours(1)), "Time between the signal and the kill.")), "How the program is told to save and end."),
        new("activity", new ObjectShape(
            new("probe", new WordShape("none", "jupyter", "requests"), "How activity is found out."),
            new("rules", new ListShape(new ObjectShape(
                new("idleFor", new DurationShape(TimeSpan.FromMinutes(1), IsoDuration.Longest), "So long without activity.", true),
                new("minRunning", new DurationShape(TimeSpan.Zero, IsoDuration.Longest), "Not before so long after the start."),
                new("then", new WordShape("stop"), "What happens.", true)), 0, 10), "What happens when it is idle.")), "Idle rules."),
        new("environment", new MapShape(Element), "Environment of the program; templates allowed in values."),
        new("files", new MapShape(new TextOrObjectShape(
            new TextShape(null, "the path of a file beside this one", 1, 500),
            new ObjectShape(new Field("parameter", ParameterName, "The parameter whose text becomes the file.", true)))), "Files put into the workload's folder, by name."),
        new("environmentFrom", new ListShape(ParameterName, 0, 20), "Map parameters spread into the environment."),
        new("deployments", Deployments, "How it runs on each kind of target; the first is the default.", true));

    private static ObjectShape Port => new(
        new("name", Slug, "Name of the port.", true),
        new("ready", new ObjectShape(
            new("path", new TextShape(null, null, 1, 2000), "Asked with GET until it answers 200 to 399; templates allowed. Where it comes out empty, in containers only, the port need only take connections."),
            new("timeout", Wait, "How long it may take.")), "When the port counts as ready."),
        new("auth", new WordShape("bearer", "token", "basic", "none"), "How the portal presents the workload's credential: Authorization: Bearer, token or Basic (user portal); none: the program asks for nothing, and the target keeps everybody but the portal away from it."),
        new("containerPort", new TextShape(null, null, 1, 200), "The port a container listens on where it cannot be told one: a number from 1 to 65535, or the template of an integer parameter. Left out: the target chooses, and {{ port }} says which."),
        new("root", new FlagShape(), "True: the program serves from the root and cannot be told a path; it gets the root of its own host."));

    private static ObjectShape Deployments => new(
        new("local", new ObjectShape(
            new("requires", new ListShape(new TextShape("[A-Za-z0-9._+-]+", "the name of a program, without a folder", 1, 100), 0, 50), "Programs that must be installed."),
            CommandField, EnvironmentField), "Processes on the portal's host."),
        new("kubernetes", new ObjectShape(
            ImageField,
            new("command", new ListShape(Element), "Argument vector in place of the image's entrypoint, no shell; templates allowed in each element. Left out or empty: the image's entrypoint."),
            new("args", new ListShape(Element), "Arguments after the command, or after the image's entrypoint; templates allowed in each element."),
            new("workingDir", new TextShape(null, null, 1, 500), "Folder the program starts in; templates allowed. Left out, or empty once rendered: the image's."),
            EnvironmentField,
            new("readOnlyRoot", new FlagShape(), "True: only the workload's folders and /tmp can be written to. False when left out: not every image bears it."),
            new("groups", new ListShape(new WholeShape(0, 65_535), 0, 10), "Further groups of the program; 0 for images that are made to run as any user."),
            new("replicas", new ObjectShape(
                new("least", ParameterName, "The integer parameter that says how many there are always.", true),
                new("most", ParameterName, "The integer parameter that says how many there may be.", true),
                new("cpuPercent", new WholeShape(1, 100), "Average use of their vCPUs above which there are more; 70 when left out.")), "How many copies of an endpoint answer. Several share one volume, which the cluster must have a storage class for."),
            new("engine", new WordShape([.. Enum.GetNames<ClusterEngine>().Select(e => e.ToLowerInvariant())]), "What runs it in the cluster: plain objects, which is what auto means so far.")), "A Kubernetes cluster."),
        new("ec2", new ObjectShape(ImageField, CommandField, EnvironmentField), "Virtual machines."))
    {
        AtLeastOne = true,
    };

    private static Field CommandField => new("command", Command, "Argument vector, no shell; templates allowed in each element.", true);

    private static Field EnvironmentField => new("environment", new MapShape(Element), "Environment on this kind of target alone; wins over the item's. Templates allowed in values.");

    private static Field ImageField => new("image", new TextShape("\\S.*", "a container image such as docker.io/library/python:3.13-slim", 1, 500), "Container image; templates allowed in the tag, or as a whole the template of a string parameter.", true);
}
