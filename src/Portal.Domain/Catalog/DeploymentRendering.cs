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
/// <param name="Command">Argument vector.</param>
/// <param name="Environment">What the item asks for; the target adds its own PORTAL_* values on top.</param>
/// <param name="ParameterFiles">Files written from parameters, UTF-8; shipped ones are copied by the target.</param>
public sealed record RenderedDeployment(
    IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, IReadOnlyDictionary<string, byte[]> ParameterFiles, string? ReadyPath)
{
    /// <summary>Container image with its tag rendered; null for targets without images.</summary>
    public string? Image { get; init; }

    /// <summary>Run on notice instead of the signal; null when the item declares none.</summary>
    public IReadOnlyList<string>? CheckpointCommand { get; init; }
}
