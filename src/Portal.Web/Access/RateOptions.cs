using System.ComponentModel.DataAnnotations;

namespace Portal.Web.Access;

/// <summary>How often one sender may ask, counted by each portal process for itself: two replicas let through twice as much at most.</summary>
public sealed class RateOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Limits";

    /// <summary>Passwords that may be tried from one address in a minute, right or wrong, by form and API together; on top of the account's own lock-out.</summary>
    [Range(1, 1_000_000)]
    public int PasswordTriesPerMinute { get; set; } = 30;

    /// <summary>Calls of the API that one person may make in a second, lastingly, with all tokens and browsers together.</summary>
    [Range(1, 1_000_000)]
    public int ApiCallsPerSecond { get; set; } = 100;

    /// <summary>Calls that one person may make at once after a pause.</summary>
    [Range(1, 1_000_000)]
    public int ApiBurst { get; set; } = 1000;
}
