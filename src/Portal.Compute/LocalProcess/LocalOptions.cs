using Microsoft.Extensions.Options;

namespace Portal.Compute.LocalProcess;

/// <summary>How much of the host's sandboxing is used.</summary>
public enum SandboxUse
{
    /// <summary>Whatever works on this host.</summary>
    Auto,
    /// <summary>None: separate system users only (as root), or nothing at all.</summary>
    Off,
}

/// <summary>How memory and CPU limits are enforced.</summary>
public enum LimitEnforcement
{
    /// <summary>Control groups where they are writable, else measured.</summary>
    Auto,
    /// <summary>By looking at the resident memory of the process tree, and by nice.</summary>
    Measured,
}

/// <summary>Settings of the local target: section <c>Local</c>.</summary>
public sealed record LocalOptions
{
    public const string Section = "Local";

    /// <summary>False: nothing runs on the portal's own machine; needs a cluster to run on.</summary>
    public bool Enabled { get; set; } = true;
    /// <summary>Where folders of workloads are kept; absolute.</summary>
    public string DataFolder { get; set; } = "";
    /// <summary>The interpreter of the supervisor, absolute; 3.9 or later, visible to workloads (under /usr or /opt).</summary>
    public string PythonPath { get; set; } = "/usr/bin/python3";
    /// <summary>How many vCPUs may be allocated for each real one.</summary>
    public decimal CpuOvercommit { get; set; } = 8;
    /// <summary>How many GiB may be allocated for each real one.</summary>
    public decimal MemoryOvercommit { get; set; } = 3;
    /// <summary>Real vCPUs to count with; detected when null.</summary>
    public decimal? Vcpu { get; set; }
    /// <summary>Real memory to count with; detected when null.</summary>
    public decimal? MemoryGib { get; set; }
    /// <summary>GPUs to count with; detected when null.</summary>
    public int? Gpus { get; set; }
    /// <summary>Ports given to programs, first.</summary>
    public int PortRangeStart { get; set; } = 20000;
    /// <summary>Ports given to programs, last; below the kernel's range of ephemeral ports.</summary>
    public int PortRangeEnd { get; set; } = 29999;
    /// <summary>Lets several people use a host that cannot keep their programs apart.</summary>
    public bool AllowUnisolated { get; set; }
    /// <summary>Less free disk than this, in MiB, and nothing is started.</summary>
    public int MinimumFreeDiskMib { get; set; } = 256;
    /// <summary>The most log kept of one allocation, in MiB.</summary>
    public int MaxLogMib { get; set; } = 64;
    /// <summary>Folders, separated by colons, where programs of workloads are looked up before the system's; each is visible to every workload.</summary>
    public string ProgramFolders { get; set; } = "";
    public SandboxUse UseSandbox { get; set; } = SandboxUse.Auto;
    public LimitEnforcement LimitsBy { get; set; } = LimitEnforcement.Auto;
}

/// <summary>Finds every wrong setting at once and names its key.</summary>
public sealed class LocalOptionsValidator : IValidateOptions<LocalOptions>
{
    public ValidateOptionsResult Validate(string? name, LocalOptions options)
    {
        List<string> errors = [];
        void Check(bool good, string key, string rule)
        {
            if (!good)
                errors.Add($"{LocalOptions.Section}:{key} {rule}");
        }
        Check(Path.IsPathRooted(options.DataFolder), nameof(options.DataFolder), "must be an absolute path.");
        Check(Path.IsPathRooted(options.PythonPath), nameof(options.PythonPath), "must be an absolute path.");
        Check(options.CpuOvercommit >= 1, nameof(options.CpuOvercommit), "must be at least 1.");
        Check(options.MemoryOvercommit >= 1, nameof(options.MemoryOvercommit), "must be at least 1.");
        Check(options.Vcpu is null or > 0, nameof(options.Vcpu), "must be more than 0.");
        Check(options.MemoryGib is null or > 0, nameof(options.MemoryGib), "must be more than 0.");
        Check(options.Gpus is null or >= 0, nameof(options.Gpus), "must not be negative.");
        Check(options.PortRangeStart is >= 1024 and <= 65535, nameof(options.PortRangeStart), "must be from 1024 to 65535.");
        Check(options.PortRangeEnd is >= 1024 and <= 65535, nameof(options.PortRangeEnd), "must be from 1024 to 65535.");
        Check(options.PortRangeEnd >= options.PortRangeStart, nameof(options.PortRangeEnd), "must not be below Local:PortRangeStart.");
        Check(options.MinimumFreeDiskMib >= 0, nameof(options.MinimumFreeDiskMib), "must not be negative.");
        Check(options.ProgramFolders.Split(':', StringSplitOptions.RemoveEmptyEntries).All(Path.IsPathRooted), nameof(options.ProgramFolders), "must be absolute paths, separated by colons.");
        Check(options.MaxLogMib is >= 1 and <= 65536, nameof(options.MaxLogMib), "must be from 1 to 65536.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
