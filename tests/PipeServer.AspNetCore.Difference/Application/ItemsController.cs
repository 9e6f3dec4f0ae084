using Microsoft.AspNetCore.Mvc;

namespace Difference.Application;

/// <summary>A controller of MVC.</summary>
[ApiController]
[Route("mvc/items")]
public sealed class ItemsController : ControllerBase
{
    [HttpGet]
    public IEnumerable<Order> List([FromQuery] int count = 2) =>
        Enumerable.Range(1, count).Select(static number => new Order { Product = $"item {number}", Amount = number });

    [HttpGet("{id:int}", Name = "item")]
    public ActionResult<Order> Get(int id) => id > 100 ? NotFound() : new Order { Product = "one", Amount = id };

    [HttpPost]
    public IActionResult Post(Order order) => CreatedAtRoute("item", new { id = order.Amount }, order);

    [HttpPut("{id:int}")]
    public IActionResult Put(int id, Order order) => id == order.Amount ? NoContent() : Conflict("the identifiers differ");

    [HttpDelete("{id:int}")]
    public IActionResult Delete(int id) => id == 1 ? Accepted() : Problem("cannot be deleted", statusCode: StatusCodes.Status423Locked);

    [HttpGet("redirect")]
    public IActionResult Elsewhere() => RedirectToRoute("item", new { id = 5 });

    [HttpGet("local")]
    public IActionResult Local([FromQuery] string to) => LocalRedirect(to);

    [HttpGet("file")]
    public IActionResult GetFile() => File(SiteFolder.Text(300), "text/plain", "download ü.txt", enableRangeProcessing: true);

    [HttpGet("content")]
    [Produces("application/json")]
    public IActionResult GetText() => Content("plain text", "text/plain; charset=utf-8");

    [HttpGet("stream")]
    public async IAsyncEnumerable<int> Numbers()
    {
        for (var number = 0; number < 5; number++)
        {
            await Task.Yield();
            yield return number;
        }
    }

    [HttpPost("upload")]
    public IActionResult Upload([FromForm] string title, IFormFile file) => Ok(new { title, file.FileName, file.Length });

    [HttpPost("limited")]
    [RequestSizeLimit(100)]
    public async Task<long> Limited()
    {
        using var copy = new MemoryStream();
        await Request.Body.CopyToAsync(copy);
        return copy.Length;
    }

    [HttpGet("fault")]
    public IActionResult Fault() => throw new InvalidOperationException("a fault in an action");
}
