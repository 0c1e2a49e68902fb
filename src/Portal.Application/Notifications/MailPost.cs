using System.Net;
using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Portal.Application.Notifications;

/// <summary>Hands one message to the SMTP server, as plain text and as HTML.</summary>
public sealed class MailPost(MailOptions options, PortalAddress portal)
{
    /// <summary>Path of the page on which people choose what reaches them.</summary>
    internal const string ChoicesPath = "/account?tab=notifications";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Never throws for what the server does; whatever it was comes back in words.</summary>
    public async Task<Sent> SendAsync(Message message, string name, string email, CancellationToken cancellationToken)
    {
        if (!options.IsConfigured) return new Sent("No mail server is set up (Mail:Host).");
        if (!MailboxAddress.TryParse(email, out var parsed) || email.Any(char.IsControl)) return new Sent($"“{NotifyPeople.OneLine(email, 100)}” is no e-mail address.", true);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience * 2);
        try
        {
            await SendAsync(Compose(message, new MailboxAddress(NotifyPeople.OneLine(name, 100), parsed.Address)), limit.Token);
            return Sent.Well;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Sent($"The mail server did not answer within {Patience.TotalSeconds * 2:0} seconds.");
        }
        catch (SmtpCommandException refused)
        {
            return new Sent($"The mail server refused {Part(refused.ErrorCode)}: {(int)refused.StatusCode} {refused.Message}", refused.ErrorCode == SmtpErrorCode.RecipientNotAccepted && (int)refused.StatusCode >= 500);
        }
        catch (Exception exception) when (exception is SocketException or IOException or ProtocolException or SslHandshakeException or AuthenticationException or TimeoutException or InvalidOperationException or NotSupportedException or UnauthorizedAccessException)
        {
            return new Sent(exception switch
            {
                SslHandshakeException => $"The connection to {options.Host}:{options.Port} could not be secured: its certificate is not trusted, or it does not speak TLS there.",
                AuthenticationException => $"The mail server refused the sign-in: {exception.Message}",
                NotSupportedException => $"The mail server does not offer what Mail:Security asks for: {exception.Message}",
                _ => $"{options.Host}:{options.Port}: {exception.Message}",
            });
        }
    }

    internal MimeMessage Compose(Message message, MailboxAddress to)
    {
        var (title, link, choices) = (NotifyPeople.OneLine(message.Title, 300), portal.Of(message.Link), portal.Of(ChoicesPath));
        var from = MailboxAddress.Parse(options.From!);
        var mail = new MimeMessage { Subject = title, Date = message.At, MessageId = $"{message.Id:N}@{portal.Url.Host}" };
        mail.From.Add(new MailboxAddress(options.FromName, from.Address));
        mail.To.Add(to);
        mail.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        mail.Headers.Add(HeaderId.ListId, $"Portal notifications <notifications.{portal.Url.Host}>");
        mail.Headers.Add(HeaderId.ListUnsubscribe, $"<{choices}>");
        mail.Headers.Add("X-Portal-Kind", message.Kind.ToString());
        var text = message.Text is { } more ? NotifyPeople.Clean(more, 2000) : null;
        mail.Body = new MultipartAlternative(
            new TextPart("plain") { Text = $"{title}\n\n{(text is null ? "" : text + "\n\n")}{link}\n\n-- \nYou get this because of your choices in the portal: {choices}\n" },
            new TextPart("html") { Text = Html(title, text, link, choices) });
        return mail;
    }

    private static string Html(string title, string? text, string link, string choices)
    {
        static string Safe(string words) => WebUtility.HtmlEncode(words);
        var more = text is null ? "" : $"<p style=\"margin:0 0 16px;white-space:pre-line\">{Safe(text)}</p>";
        return $"""
            <!doctype html><html><body style="font:15px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:600px">
            <p style="margin:0 0 16px"><strong>{Safe(title)}</strong></p>{more}
            <p style="margin:0 0 24px"><a href="{Safe(link)}">Open in the portal</a></p>
            <p style="font-size:13px;color:#57606a;border-top:1px solid #d0d7de;padding-top:12px">You get this because of <a href="{Safe(choices)}">your choices</a> in the portal.</p>
            </body></html>
            """;
    }

    private async Task SendAsync(MimeMessage mail, CancellationToken cancellationToken)
    {
        using var client = new SmtpClient { Timeout = (int)Patience.TotalMilliseconds, LocalDomain = "portal" };
        await client.ConnectAsync(options.Host!, options.Port, options.Security switch
        {
            MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
            MailSecurity.StartTls => SecureSocketOptions.StartTls,
            _ => SecureSocketOptions.None,
        }, cancellationToken);
        if (options.User is { } user)
        {
            var password = options.PasswordFile is { } file ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : options.Password;
            await client.AuthenticateAsync(user, password ?? "", cancellationToken);
        }
        await client.SendAsync(mail, cancellationToken);
        try
        {
            await client.DisconnectAsync(true, cancellationToken);
        }
        catch (Exception)
        {
            // The server has taken the message; how it says goodbye matters to nobody.
        }
    }

    private static string Part(SmtpErrorCode code) => code switch
    {
        SmtpErrorCode.RecipientNotAccepted => "the recipient",
        SmtpErrorCode.SenderNotAccepted => "the sender",
        SmtpErrorCode.MessageNotAccepted => "the message",
        _ => "it",
    };
}
