using Portal.Domain.Compute;

namespace Portal.Application.Compute;

/// <summary>The registered compute targets by name.</summary>
public sealed class ComputeTargets(IEnumerable<IComputeTarget> targets)
{
    private readonly Dictionary<string, IComputeTarget> _byName = targets.ToDictionary(t => t.Name);

    public IReadOnlyCollection<IComputeTarget> All => _byName.Values;

    public IComputeTarget? Find(string name) => _byName.GetValueOrDefault(name);

    public IComputeTarget this[string name] => Find(name) ?? throw new ComputeTargetException(FailureClass.Invalid, $"There is no compute target named '{name}'.");
}
