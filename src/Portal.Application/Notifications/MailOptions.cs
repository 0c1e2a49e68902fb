using Microsoft.Extensions.Options;

namespace Portal.Application.Notifications;

/// <summary>How the connection to the SMTP server is kept from others' eyes.</summary>
public enum MailSecurity
{
    None,
    /// <summary>Begins in the open and must be upgraded before anything is said.</summary>
    StartTls,
    /// <summary>Encrypted from the first byte.</summary>
    Tls,
}

/// <summary>Section <c>Mail</c>: the SMTP server that takes the portal's e-mail. Without a host there is none.</summary>
public sealed record MailOptions
{
    public const string Section = "Mail";

    /// <summary>Name or address of the SMTP server; null: no e-mail is sent.</summary>
    public string? Host { get; set; }
    public int Port { get; set; } = 587;
    public MailSecurity Security { get; set; } = MailSecurity.StartTls;
    /// <summary>Null: the server asks for no sign-in.</summary>
    public string? User { get; set; }
    public string? Password { get; set; }
    /// <summary>A file with the password, read at every connection, so that it can be changed while the portal runs.</summary>
    public string? PasswordFile { get; set; }
    /// <summary>The sender's address.</summary>
    public string? From { get; set; }
    public string FromName { get; set; } = "Portal";

    /// <summary>True when e-mail can be sent.</summary>
    public bool IsConfigured => !string.IsNullOrWhiteSpace(Host);
}

/// <summary>Finds every wrong setting at once and names its key.</summary>
public sealed class MailOptionsValidator : IValidateOptions<MailOptions>
{
    public ValidateOptionsResult Validate(string? name, MailOptions options)
    {
        if (!options.IsConfigured)
            return options is { User: null, From: null, Password: null, PasswordFile: null } ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail("Mail:Host is missing, and other settings of Mail are there: name the SMTP server, or remove them.");
        var errors = new List<string>();
        if (options.Port is < 1 or > 65535) errors.Add("Mail:Port must be from 1 to 65535.");
        if (!Enum.IsDefined(options.Security)) errors.Add("Mail:Security must be none, starttls or tls.");
        if (string.IsNullOrWhiteSpace(options.From) || !MimeKit.MailboxAddress.TryParse(options.From, out var from) || !from.Address.Contains('@', StringComparison.Ordinal)) errors.Add("Mail:From must be an e-mail address, such as portal@example.org.");
        if (string.IsNullOrWhiteSpace(options.FromName) || options.FromName.Any(char.IsControl)) errors.Add("Mail:FromName must be a name on one line.");
        if (options.Password is not null && options.PasswordFile is not null) errors.Add("Mail:Password and Mail:PasswordFile exclude each other.");
        if (options.User is null && (options.Password is not null || options.PasswordFile is not null)) errors.Add("Mail:User is missing: there is a password for it.");
        if (options.User is not null && options.Password is null && options.PasswordFile is null) errors.Add("Mail:Password or Mail:PasswordFile is missing: there is a user for it.");
        if (options.PasswordFile is { } file && !File.Exists(file)) errors.Add("Mail:PasswordFile names a file that does not exist.");
        if (options is { User: not null, Security: MailSecurity.None } && !IsLoopback(options.Host!)) errors.Add("Mail:Security must be starttls or tls where Mail:User is set: a password does not travel in the open.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsLoopback(string host) => host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));
}
