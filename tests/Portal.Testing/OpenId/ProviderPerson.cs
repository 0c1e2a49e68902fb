namespace Portal.Testing.OpenId;

/// <summary>A person at the provider. Change it between two sign-ins and the next tokens say so.</summary>
public sealed class ProviderPerson(string subject)
{
    public string Subject { get; } = subject;

    public string Name { get; set; } = char.ToUpperInvariant(subject[0]) + subject[1..];

    /// <summary>Null: the provider tells none.</summary>
    public string? Email { get; set; } = $"{subject}@example.org";

    public bool IsEmailVerified { get; set; } = true;

    public List<string> Groups { get; set; } = [];
}
