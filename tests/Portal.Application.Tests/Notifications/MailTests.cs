using System.Text;
using AwesomeAssertions;
using MimeKit;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Testing.Hosting;
using Portal.Testing.Notifications;
using Xunit;

namespace Portal.Application.Tests.Notifications;

/// <summary>E-mail by a real SMTP server in a process of its own.</summary>
public sealed class MailTests : NotificationTests
{
    [Fact]
    public async Task Mail_IsDeliveredOnce_WithBothTextsAndItsHeaders()
    {
        await using var server = await new SmtpServerProcess().StartAsync();
        server.Serve(Host.Mail);
        await TellAsync("“lora” failed", text: "Out of memory.\nTry more.");
        await TellAsync("“lora” failed", text: "Out of memory.\nTry more.");

        await SendAsync();
        await SendAsync();

        var mail = server.Messages().Should().ContainSingle().Subject;
        var delivery = (await DeliveriesAsync()).Should().ContainSingle().Subject;
        (delivery.State, delivery.Attempts, delivery.LastError).Should().Be((DeliveryState.Delivered, 1, null));
        (mail.Subject, mail.To.ToString(), mail.From.ToString()).Should().Be(("“lora” failed", "\"Lena\" <lena@example.org>", "\"Portal\" <portal@example.org>"));
        (mail.MessageId, mail.Headers[HeaderId.AutoSubmitted], mail.Headers["X-Seen-To"]).Should().Be(($"{delivery.Id:N}@portal.example.org", "auto-generated", "lena@example.org"));
        mail.Headers[HeaderId.ListId].Should().Contain("<notifications.portal.example.org>");
        mail.TextBody!.ReplaceLineEndings("\n").Should().Contain("Out of memory.\nTry more.").And.Contain("https://portal.example.org/workloads/1").And.Contain("https://portal.example.org/account?tab=notifications");
        mail.HtmlBody.Should().Contain("href=\"https://portal.example.org/workloads/1\"");
    }

    [Fact]
    public async Task ServerDown_IsTriedAgainLaterAndLater_AndDeliveredWhenItIsBack()
    {
        await using var server = await new SmtpServerProcess().StartAsync();
        server.Serve(Host.Mail);
        await server.StopAsync();
        await TellAsync();

        await SendAsync();
        var first = (await DeliveriesAsync()).Single();
        (first.State, first.Attempts).Should().Be((DeliveryState.Waiting, 1));
        first.LastError.Should().Contain("127.0.0.1").And.Contain("refused");
        first.NextAttemptAt.Should().BeCloseTo(first.CreatedAt.AddSeconds(30), TimeSpan.FromSeconds(20));
        await server.StartAsync();
        await SendAsync();
        server.Messages().Should().BeEmpty("its next attempt is not due");

        server.SetBusy(true);
        await PassTimeAsync();
        await SendAsync();
        (await DeliveriesAsync()).Single().LastError.Should().Contain("451").And.Contain("Come back later");
        server.SetBusy(false);
        await PassTimeAsync();
        await SendAsync();

        server.Messages().Should().ContainSingle();
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Delivered && d.Attempts == 3 && d.LastError == null);
    }

    [Fact]
    public async Task RefusedRecipient_FailsAtOnce_IsListedInWords_AndCanBeTriedAgain()
    {
        await using var server = await new SmtpServerProcess().StartAsync();
        server.Serve(Host.Mail);
        var (nobody, ada) = (await Host.AddPersonAsync("Nobody"), await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]));
        await TellAsync(to: nobody);

        await SendAsync();

        var queries = Host.Get<NotificationQueries>();
        var listed = (await queries.DeliveriesAsync(DeliveryState.Failed, 1, 10, ada, default))!.Items.Should().ContainSingle().Subject;
        listed.Should().Match<DeliveryRow>(d => d.Person == "Nobody" && d.Attempts == 1 && d.Channel == NotificationChannel.Email && d.LastError!.Contains("refused the recipient: 550") && d.LastError.Contains("no such person"));
        (await queries.MyFailuresAsync(nobody, default)).Should().ContainSingle();
        (await queries.MyFailuresAsync(Lena, default)).Should().BeEmpty();
        (await queries.DeliveriesAsync(null, 1, 10, Lena, default)).Should().BeNull("deliveries of others are for administrators");
        (await Host.Get<RetryDelivery>().ExecuteAsync(listed.Id, Lena, default)).Should().BeOfType<NotificationOutcome.NotFound>();

        (await Host.Get<RetryDelivery>().ExecuteAsync(listed.Id, ada, default)).Should().BeOfType<NotificationOutcome.Done>();
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Waiting && d.Attempts == 0);
        await SendAsync();
        (await DeliveriesAsync()).Single().State.Should().Be(DeliveryState.Failed);
    }

    [Fact]
    public async Task EightFailures_GiveUp()
    {
        (Host.Mail.Host, Host.Mail.Port, Host.Mail.Security) = ("127.0.0.1", 1, MailSecurity.None);
        await TellAsync();
        for (var attempt = 1; attempt <= 8; attempt++)
        {
            (await DeliveriesAsync()).Single().State.Should().Be(DeliveryState.Waiting);
            await PassTimeAsync();
            await SendAsync();
        }
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Failed && d.Attempts == 8);
        new[] { 1, 2, 3, 7, 8, 60 }.Select(n => DeliverNotifications.PauseAfter(n).TotalSeconds).Should().Equal(30, 60, 120, 1920, 3600, 3600);
    }

    [Fact]
    public async Task HostileTitleAndName_AddNoHeaderAndNoMarkup()
    {
        await using var server = await new SmtpServerProcess().StartAsync();
        server.Serve(Host.Mail);
        var eve = await Host.AddPersonAsync("Eve");
        await using (var db = await Host.OpenAsync())
        {
            (await db.Users.FindAsync(eve.UserId))!.DisplayName = "Eve\r\nBcc: all@example.org";
            await db.SaveChangesAsync();
        }
        await TellAsync("lora\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>", text: "<img src=x onerror=alert(1)>\u0085\u2028 & \"more\"", to: eve);

        await SendAsync();

        var mail = server.Messages().Should().ContainSingle().Subject;
        (mail.Bcc.Count, mail.Headers["X-Seen-To"], mail.To.Mailboxes.Single().Address).Should().Be((0, "eve@example.org", "eve@example.org"));
        Encoding.UTF8.GetString(server.Raw()[0]).Split('\n').Should().NotContain(line => line.StartsWith("Bcc", StringComparison.OrdinalIgnoreCase));
        mail.Subject.Should().Be("lora Bcc: victim@example.org  <script>alert(1)</script>");
        mail.HtmlBody.Should().NotContain("<script").And.NotContain("<img").And.Contain("&lt;script&gt;").And.Contain("&lt;img").And.Contain("&amp; &quot;more&quot;");
    }

    [Fact]
    public async Task SignIn_RightIsTaken_WrongIsToldWithoutThePassword()
    {
        await using var server = await new SmtpServerProcess().WithLogin("portal", "a good one").StartAsync();
        server.Serve(Host.Mail);
        (Host.Mail.User, Host.Mail.Password) = ("portal", "a wrong one");
        await TellAsync();
        await SendAsync();
        (await DeliveriesAsync()).Single().LastError.Should().Contain("refused the sign-in").And.NotContain("a wrong one");

        Host.Mail.Password = "a good one";
        await PassTimeAsync();
        await SendAsync();
        server.Messages().Should().ContainSingle().Which.Headers["X-Seen-Login"].Should().Be("True");
    }

    [Fact]
    public async Task StartTls_UntrustedCertificateOrNone_SendsNothing()
    {
        await using var untrusted = await new SmtpServerProcess().WithUntrustedTls().StartAsync();
        untrusted.Serve(Host.Mail);
        Host.Mail.Security = MailSecurity.StartTls;
        await TellAsync();
        await SendAsync();
        (await DeliveriesAsync()).Single().LastError.Should().Contain("could not be secured");
        untrusted.Messages().Should().BeEmpty();

        await using var plain = await new SmtpServerProcess().StartAsync();
        plain.Serve(Host.Mail);
        Host.Mail.Security = MailSecurity.StartTls;
        await PassTimeAsync();
        await SendAsync();
        (await DeliveriesAsync()).Single().LastError.Should().Contain("Mail:Security");
        plain.Messages().Should().BeEmpty("it is never sent in the open instead");
    }

    [Theory]
    [InlineData("smtp.example.org", 0, null, null, null, "Mail:Port", "Mail:From")]
    [InlineData("smtp.example.org", 25, "portal@example.org", "u", null, "Mail:Password or Mail:PasswordFile is missing")]
    [InlineData(null, 587, "portal@example.org", null, null, "Mail:Host is missing")]
    [InlineData("smtp.example.org", 587, "portal@example.org", null, "p", "Mail:User is missing")]
    public void WrongSettings_AreAllNamed(string? host, int port, string? from, string? user, string? password, params string[] words) =>
        new MailOptionsValidator().Validate(null, new MailOptions { Host = host, Port = port, From = from, User = user, Password = password }).FailureMessage.Should().ContainAll(words);
}
