using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using Portal.Web.Api.Reference;
using Portal.Web.Hosting;

namespace Portal.Web.Components.Pages.ApiDocs;

public sealed partial class ApiDocsPage
{
    private ApiReference _reference = new("", [], [], []);

    [Inject] private ApiReferenceReader Reader { get; set; } = null!;

    [Inject] private IOptions<PortalOptions> Options { get; set; } = null!;

    private string Url => Options.Value.PublicUrl.GetLeftPart(UriPartial.Authority);

    protected override async Task OnInitializedAsync() => _reference = await Reader.ReadAsync(CancellationToken.None);
}
