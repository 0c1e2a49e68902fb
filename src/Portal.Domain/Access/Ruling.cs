namespace Portal.Domain.Access;

/// <summary>The answer to "may they?".</summary>
public abstract record Ruling
{
    private Ruling() { }

    /// <summary>They may.</summary>
    public bool Allowed => this is Yes;

    /// <summary>They may not even know that it exists.</summary>
    public bool Hidden => this is Unknown;

    /// <summary>Which right is missing and whom to ask; empty where they may.</summary>
    public abstract string Reason { get; }

    internal static Ruling Allow { get; } = new Yes();

    internal static Ruling Hide { get; } = new Unknown();

    internal static Ruling Refuse(string reason) => new No(reason);

    internal static Ruling If(bool allowed, string reason) => allowed ? Allow : Refuse(reason);

    private sealed record Yes : Ruling
    {
        public override string Reason => "";
    }

    private sealed record No(string Words) : Ruling
    {
        public override string Reason => Words;
    }

    private sealed record Unknown : Ruling
    {
        public override string Reason => "It is not there, or not yours to see.";
    }
}
