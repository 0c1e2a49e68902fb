namespace Portal.Web.Components.Values;

/// <summary>Which words an <see cref="Instant"/> uses.</summary>
public enum InstantMode
{
    /// <summary><c>26 min ago</c>, <c>yesterday</c>, <c>in 22 min</c>.</summary>
    Relative,
    /// <summary><c>06:12</c> today, else <c>yesterday</c>, <c>Sunday</c>, <c>9 Oct</c>.</summary>
    Short,
    /// <summary><c>02:30 tomorrow</c>.</summary>
    Clock,
    /// <summary><c>14:30:54 today</c>.</summary>
    ClockSeconds,
    /// <summary><c>14:31:24</c>.</summary>
    Time,
    /// <summary>What is left until then: <c>11 h 58 m</c>; <c>now</c> once it has passed.</summary>
    Left,
}
