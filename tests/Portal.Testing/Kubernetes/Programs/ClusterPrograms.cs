namespace Portal.Testing.Kubernetes.Programs;

/// <summary>Which program a container runs, and which images cannot be pulled.</summary>
public sealed class ClusterPrograms
{
    private readonly Lock _gate = new();
    private readonly List<(Func<ContainerRun, bool> Matches, ClusterProgram Program)> _rules = [];
    private readonly Dictionary<string, string> _badImages = [];

    /// <summary>For containers that no rule names: runs until terminated, unless the cluster runs real processes.</summary>
    public ClusterProgram? Default { get; set; }

    /// <summary>Containers with this image run the program; the last rule that fits wins.</summary>
    public void ByImage(string image, ClusterProgram program) => Add(run => run.Image == image, program);

    /// <summary>Containers of pods with this label run the program.</summary>
    public void ByLabel(string key, string value, ClusterProgram program) => Add(run => run.Labels.GetValueOrDefault(key) == value, program);

    /// <summary>Containers that fit run the program.</summary>
    public void Add(Func<ContainerRun, bool> matches, ClusterProgram program)
    {
        lock (_gate)
            _rules.Add((matches, program));
    }

    /// <summary>The image cannot be pulled until <see cref="GoodImage"/>.</summary>
    /// <param name="error">What the registry says; without it that the image is not there.</param>
    public void BadImage(string image, string? error = null)
    {
        lock (_gate)
            _badImages[image] = error ?? $"rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/{image}\": failed to resolve reference \"docker.io/library/{image}\": docker.io/library/{image}: not found";
    }

    /// <summary>The image can be pulled again.</summary>
    public void GoodImage(string image)
    {
        lock (_gate)
            _badImages.Remove(image);
    }

    internal string? PullError(string image)
    {
        lock (_gate)
            return _badImages.GetValueOrDefault(image);
    }

    internal ClusterProgram? Find(ContainerRun run)
    {
        lock (_gate)
            return _rules.LastOrDefault(r => r.Matches(run)).Program;
    }
}
