namespace Portal.Domain.Catalog;

/// <summary>Where things are for one allocation on one target; every value is inserted as it is.</summary>
/// <param name="Port">The port to listen on; null when the item has none.</param>
/// <param name="BasePath">Path prefix the program serves under, with a slash at both ends.</param>
/// <param name="Files">Folder of the shipped and parameter-written files.</param>
/// <param name="Work">The workload's own folder.</param>
public sealed record RenderPlaces(int? Port, string BasePath, string Files, string Work, string Artifacts, string Checkpoint, string Credential)
{
    /// <summary>Folder with the artifacts of the run that the item's <c>run</c> parameter names; empty when it names none.</summary>
    public string RunArtifacts { get; init; } = "";
}

/// <summary>A deployment with every template replaced.</summary>
/// <param name="Command">Argument vector; empty in a container: the image's entrypoint.</param>
/// <param name="Environment">What the item asks for; the target adds its own PORTAL_* values on top.</param>
/// <param name="ParameterFiles">Files written from parameters, UTF-8; shipped ones are copied by the target.</param>
public sealed record RenderedDeployment(
    IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, IReadOnlyDictionary<string, byte[]> ParameterFiles, string? ReadyPath)
{
    /// <summary>Container image; null for targets without images. What a person chose: see <see cref="ImageReference"/> before it is used.</summary>
    public string? Image { get; init; }

    /// <summary>Arguments after the command or the image's entrypoint.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Folder the program starts in; null: the image's own.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>The port the program listens on; null when the item has none.</summary>
    public int? Port { get; init; }

    /// <summary>Run on notice instead of the signal; null when the item declares none.</summary>
    public IReadOnlyList<string>? CheckpointCommand { get; init; }
}
