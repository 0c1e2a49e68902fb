using System.Net;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Notifications;
using Portal.Domain.Notifications;
using Portal.Testing.Notifications;
using Xunit;

namespace Portal.Application.Tests.Notifications;

/// <summary>Webhooks, received by a real server on loopback.</summary>
public sealed class WebhookTests : NotificationTests
{
    private WebhookReceiver _receiver = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Host.Webhooks.AllowPrivate = true;
        _receiver = await WebhookReceiver.StartAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await base.DisposeAsync();
    }

    private async Task<string?> SetAsync(string? url = null, bool rotate = false) =>
        (await Host.Get<SetWebhook>().ExecuteAsync(url ?? _receiver.Url + "/hook?token=hidden", rotate, Lena, default)).Should().BeOfType<NotificationOutcome.Done>().Subject.Secret;

    private async Task TellByWebhookAsync(string title = "“lora” failed", string key = "test:1")
    {
        await ChooseAsync(NotificationKind.WorkloadFailed, true, false, true);
        await TellAsync(title, key, text: "Why & how");
    }

    [Fact]
    public async Task Webhook_IsPostedOnce_AndItsSignatureFitsTheSecretThatWasShown()
    {
        var secret = await SetAsync();
        await TellByWebhookAsync("<!channel> “lora” failed");

        await SendAsync(NotificationChannel.Webhook);
        await SendAsync(NotificationChannel.Webhook);

        var call = _receiver.Calls.Should().ContainSingle().Subject;
        var timestamp = call.Headers["X-Portal-Timestamp"];
        var expected = Convert.ToHexStringLower(new HMACSHA256(Encoding.UTF8.GetBytes(secret!)).ComputeHash(Encoding.UTF8.GetBytes(timestamp + "." + call.Body)));
        call.Headers["X-Portal-Signature"].Should().Be("v1=" + expected);
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, System.Globalization.CultureInfo.InvariantCulture)).Should().BeCloseTo(TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(5));
        var delivery = (await DeliveriesAsync()).Single();
        (call.Headers["X-Portal-Delivery"], call.Json.GetProperty("id").GetGuid(), delivery.State).Should().Be((delivery.Id.ToString(), delivery.Id, DeliveryState.Delivered));
        (call.Json.GetProperty("kind").GetString(), call.Json.GetProperty("title").GetString(), call.Json.GetProperty("link").GetString()).Should().Be(("WorkloadFailed", "<!channel> “lora” failed", "https://portal.example.org/workloads/1"));
        call.Json.GetProperty("text").GetString().Should().StartWith("&lt;!channel&gt; “lora” failed\nWhy &amp; how\n<https://portal.example.org/workloads/1|");
    }

    [Fact]
    public async Task Secret_IsShownOnce_KeptEncrypted_AndANewOneEndsTheOld()
    {
        var first = await SetAsync();
        (await SetAsync(_receiver.Url + "/other")).Should().BeNull("it stays the same with another address");
        await using (var db = await Host.OpenAsync())
        {
            var row = await db.WebhookAddresses.SingleAsync();
            (row.ProtectedUrl + row.ProtectedSecret).Should().NotContain(first).And.NotContain("other");
            row.Host.Should().Be("127.0.0.1");
            (await db.AuditEntries.Where(a => a.Action == "webhook.set").Select(a => a.Detail).ToListAsync()).Should().HaveCount(2).And.NotContain(d => d!.Contains("hidden") || d.Contains(first!));
        }
        var second = (await Host.Get<SetWebhook>().ExecuteAsync(null, true, Lena, default)).Should().BeOfType<NotificationOutcome.Done>().Subject.Secret;
        second.Should().NotBeNull().And.NotBe(first);
        await TellByWebhookAsync();
        await SendAsync(NotificationChannel.Webhook);
        var call = _receiver.Calls.Single();
        call.Headers["X-Portal-Signature"].Should().Be(WebhookSecrets.Sign(second!, call.Headers["X-Portal-Timestamp"], call.Body)).And.NotBe(WebhookSecrets.Sign(first!, call.Headers["X-Portal-Timestamp"], call.Body));
    }

    [Fact]
    public async Task KilledBetweenSendAndCommit_IsSentAgainUnderTheSameId()
    {
        await SetAsync();
        await TellByWebhookAsync();
        using var killed = new CancellationTokenSource();
        // The receiver has it; the process dies before it can write that down.
        _receiver.Answer = _ =>
        {
            killed.Cancel();
            return Task.CompletedTask;
        };
        var sending = () => Host.Get<DeliverNotifications>().ExecuteAsync(NotificationChannel.Webhook, killed.Token);
        await sending.Should().ThrowAsync<OperationCanceledException>();
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Waiting && d.Attempts == 1);
        await using (var other = Host.AnotherProcess())
            (await other.Get<DeliverNotifications>().ExecuteAsync(NotificationChannel.Webhook, default)).Should().BeFalse("the dead process's claim holds for a while");

        await PassTimeAsync();
        await SendAsync(NotificationChannel.Webhook);

        _receiver.Calls.Select(c => c.Headers["X-Portal-Delivery"]).Should().HaveCount(2).And.OnlyContain(id => id == _receiver.Calls.First().Headers["X-Portal-Delivery"]);
        (await DeliveriesAsync()).Single().State.Should().Be(DeliveryState.Delivered);
    }

    [Fact]
    public async Task ManyProcesses_SendEachOnce()
    {
        await SetAsync();
        await ChooseAsync(NotificationKind.WorkloadFailed, true, false, true);
        for (var i = 0; i < 12; i++) await TellAsync(key: $"test:{i}");
        await using var other = Host.AnotherProcess();
        other.Webhooks.AllowPrivate = true;
        async Task AllAsync(Portal.Testing.Hosting.ApplicationHost host)
        {
            while (await host.Get<DeliverNotifications>().ExecuteAsync(NotificationChannel.Webhook, default)) { }
        }
        await Task.WhenAll(AllAsync(Host), AllAsync(other), AllAsync(Host), AllAsync(other));
        _receiver.Calls.Select(c => c.Headers["X-Portal-Delivery"]).Should().HaveCount(12).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Redirect_IsNotFollowed()
    {
        await SetAsync();
        await TellByWebhookAsync();
        _receiver.Answer = context =>
        {
            if (context.Request.Path == "/hook") context.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await SendAsync(NotificationChannel.Webhook);
        _receiver.Calls.Should().ContainSingle().Which.Path.Should().Be("/hook");
        (await DeliveriesAsync()).Single().LastError.Should().Be("127.0.0.1 answered 307: redirects are not followed.");
    }

    [Fact]
    public async Task ErrorAnswer_IsToldWithoutTheAddress_AndTriedAgain()
    {
        await SetAsync();
        await TellByWebhookAsync();
        _receiver.Answer = context => { context.Response.StatusCode = 503; return Task.CompletedTask; };
        await SendAsync(NotificationChannel.Webhook);
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Waiting && d.LastError == "127.0.0.1 answered 503.");
        (await Host.Get<SendTestNotification>().ExecuteAsync(NotificationChannel.Webhook, Lena, default)).Should().BeOfType<NotificationOutcome.Conflict>().Which.Reason.Should().Contain("503").And.NotContain("hidden");
    }

    [Fact]
    public async Task PrivateAddress_IsRefusedWhenItIsEntered_AndWhenANameLeadsThere()
    {
        await SetAsync();
        await TellByWebhookAsync();
        Host.Webhooks.AllowPrivate = false;
        foreach (var url in new[] { "http://hooks.example.org/x", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "https://10.1.2.3/x", "https://localhost/x", "https://u:p@hooks.example.org/x", "ftp://hooks.example.org/x", "hooks", "https://2130706433/x", "https://[::ffff:127.0.0.1]/" })
            (await Host.Get<SetWebhook>().ExecuteAsync(url, false, Lena, default)).Should().BeOfType<NotificationOutcome.Invalid>(url);

        // What was allowed once is not sent to any more.
        await SendAsync(NotificationChannel.Webhook);
        (await DeliveriesAsync()).Single().Should().Match<NotificationDelivery>(d => d.State == DeliveryState.Failed && d.LastError!.Contains("not allowed"));

        // A name that nobody can tell by its looks: every machine's own name leads to itself.
        using var post = new WebhookPost(Host.Webhooks, new PortalAddress(new Uri("https://portal.example.org")), Host.Get<WebhookSecrets>(), TimeProvider.System);
        var secrets = Host.Get<WebhookSecrets>();
        var address = new WebhookAddress { UserId = Lena.UserId, ProtectedUrl = secrets.ProtectUrl($"https://{Dns.GetHostName()}:{new Uri(_receiver.Url).Port}/x"), ProtectedSecret = secrets.ProtectKey("k"), Host = "named", ChangedAt = default };
        var sent = await post.SendAsync(new Message(Guid.NewGuid(), NotificationKind.WorkloadFailed, "t", null, "/", default), address, default);
        sent.Error.Should().Contain("named could not be reached: its address is private");
        _receiver.Calls.Should().BeEmpty();
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("127.8.9.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::1", false)]
    [InlineData("2001:0:1::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    public void Address_IsPublicOrNot(string address, bool expected) => PublicAddresses.IsPublic(IPAddress.Parse(address)).Should().Be(expected);
}
